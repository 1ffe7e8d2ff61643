// A plugin for QEMU's translator (interface version 1: QEMU 4.2 to 8.2): how many guest instructions a program executes, in
// all and by function. Debian ships no header for plugins; the few functions that are used are declared here.
//
// Build: cc -O2 -shared -fPIC tools/instruction-count.c -o count.so
// Use: qemu-aarch64 -plugin ./count.so,out=FILE PROGRAM …; FILE then has a line "address instructions" (hexadecimal, decimal)
// for each translated block.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
typedef void (*translation_callback)(qemu_plugin_id_t id, struct qemu_plugin_tb *block);
typedef void (*exit_callback)(qemu_plugin_id_t id, void *data);
enum { qemu_plugin_inline_add = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, translation_callback callback);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *block, int operation, void *counter, uint64_t value);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *block);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, exit_callback callback, void *data);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

/// A block of code between two branches, each time that it was translated.
typedef struct counted_block {
    uint64_t address, instructions;
    struct counted_block *next;
} counted_block;

static counted_block *blocks;
static const char *out;

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block) {
    (void)id;
    counted_block *counted = calloc(1, sizeof *counted);
    if (counted == NULL) abort();
    counted->address = qemu_plugin_tb_vaddr(block);
    counted->next = blocks;
    blocks = counted;
    qemu_plugin_register_vcpu_tb_exec_inline(
        block, qemu_plugin_inline_add, &counted->instructions, qemu_plugin_tb_n_insns(block));
}

static void write_counts(qemu_plugin_id_t id, void *data) {
    (void)id;
    (void)data;
    FILE *file = fopen(out, "w");
    if (file == NULL) {
        perror(out);
        return;
    }
    for (const counted_block *block = blocks; block != NULL; block = block->next) {
        if (block->instructions > 0) fprintf(file, "%" PRIx64 " %" PRIu64 "\n", block->address, block->instructions);
    }
    fclose(file);
}

__attribute__((visibility("default"))) int qemu_plugin_install(
    qemu_plugin_id_t id, const void *information, int count, char **arguments) {
    (void)information;
    for (int i = 0; i < count; i++) {
        if (strncmp(arguments[i], "out=", 4) == 0) out = strdup(arguments[i] + 4);
    }
    if (out == NULL) {
        fprintf(stderr, "instruction-count: say where to: -plugin ./count.so,out=FILE\n");
        return 1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
    qemu_plugin_register_atexit_cb(id, write_counts, NULL);
    return 0;
}
