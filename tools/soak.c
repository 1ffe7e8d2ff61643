// Many sessions of one packed model at once, for tools/soak: every thread opens, runs and closes sessions over the same bytes,
// and compares each answer with the one that a session alone gave. Prints a line a sample: seconds, runs, resident bytes.
// With a fourth word all sessions have one arena, which is a race that a sanitizer must find.
#include "martlet.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { input_kinds = 16, runs_a_session = 200, threads_most = 256 };

static struct {
    void *model;
    size_t model_bytes, arena_bytes, input_bytes, output_count;
    uint8_t *inputs[input_kinds];
    int32_t *answers[input_kinds];
    void *one_arena;
} shared;

static atomic_int_fast64_t runs, sessions, differences;
static atomic_int is_over;

static void *aligned(size_t bytes) {
    void *memory = aligned_alloc(64, (bytes + 63) / 64 * 64);
    if (memory == NULL) exit(3);
    return memory;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static long resident_bytes(void) {
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL) return 0;
    if (fscanf(file, "%*d %ld", &pages) != 1) pages = 0;
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

static void answer(martlet_session *session, int32_t kind, int32_t *values) {
    if (martlet_session_set_values(session, 0, shared.inputs[kind], shared.input_bytes).code != 0) exit(3);
    martlet_session_run(session);
    if (martlet_session_get_values(session, 0, values, shared.output_count).code != 0) exit(3);
}

/// One session from opening to closing; `answers` NULL: compare.
static void use_session(uint32_t seed, int32_t count, int32_t **answers) {
    void *own_arena = aligned(shared.arena_bytes), *memory = aligned(martlet_session_bytes());
    void *arena = shared.one_arena != NULL ? shared.one_arena : own_arena;
    int32_t *values = aligned(shared.output_count * sizeof *values);
    martlet_session *session = NULL;
    martlet_fault fault = martlet_session_open(shared.model, shared.model_bytes, arena, shared.arena_bytes, memory,
                                               martlet_session_bytes(), &session);
    if (fault.code != 0) exit(3);
    for (int32_t run = 0; run < count && !atomic_load(&is_over); run++) {
        int32_t kind = answers != NULL ? run : (int32_t)((seed + (uint32_t)run * 2654435761u) >> 28);
        answer(session, kind, answers != NULL ? answers[kind] : values);
        if (answers == NULL) {
            size_t bytes = shared.output_count * sizeof *values;
            if (memcmp(values, shared.answers[kind], bytes) != 0) atomic_fetch_add(&differences, 1);
            atomic_fetch_add(&runs, 1);
        }
    }
    martlet_session_close(session);
    atomic_fetch_add(&sessions, 1);
    free(values);
    free(memory);
    free(own_arena);
}

static void *work(void *number) {
    for (uint32_t turn = 0; !atomic_load(&is_over); turn++) {
        use_session((uint32_t)(uintptr_t)number * 40503u + turn * 747796405u, runs_a_session, NULL);
    }
    return NULL;
}

static int prepare(const char *path) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) return fprintf(stderr, "%s cannot be opened\n", path), 1;
    fseek(file, 0, SEEK_END);
    shared.model_bytes = (size_t)ftell(file);
    rewind(file);
    shared.model = aligned(shared.model_bytes);
    size_t read = fread(shared.model, 1, shared.model_bytes, file);
    fclose(file);
    martlet_fault fault = martlet_model_verify(shared.model, read, &shared.arena_bytes);
    if (fault.code != 0) return fprintf(stderr, "%s: %s\n", path, martlet_explanation(fault.code)), 1;
    void *arena = aligned(shared.arena_bytes), *memory = aligned(martlet_session_bytes());
    martlet_session *session = NULL;
    martlet_tensor input, output;
    if (martlet_session_open(shared.model, shared.model_bytes, arena, shared.arena_bytes, memory, martlet_session_bytes(),
                             &session).code != 0 || martlet_session_input(session, 0, &input).code != 0 ||
        martlet_session_output(session, 0, &output).code != 0) return 1;
    shared.input_bytes = (size_t)input.height * (size_t)input.width * (size_t)input.channels << (input.element == MARTLET_INT16);
    shared.output_count = (size_t)output.height * (size_t)output.width * (size_t)output.channels;
    martlet_session_close(session);
    free(memory);
    free(arena);
    uint32_t random = 1;
    for (int32_t kind = 0; kind < input_kinds; kind++) {
        shared.inputs[kind] = aligned(shared.input_bytes);
        shared.answers[kind] = aligned(shared.output_count * sizeof(int32_t));
        for (size_t byte = 0; byte < shared.input_bytes; byte++) {
            random = random * 1664525u + 1013904223u;
            shared.inputs[kind][byte] = (uint8_t)(random >> 24);
        }
    }
    use_session(0, input_kinds, shared.answers);
    return 0;
}

int main(int argc, char **argv) {
    if (argc != 4 && argc != 5) return fprintf(stderr, "usage: soak MODEL THREADS SECONDS [one-arena]\n"), 2;
    int threads = atoi(argv[2]);
    double length = atof(argv[3]);
    if (threads < 1 || threads > threads_most || !(length > 0)) return 2;
    if (prepare(argv[1]) != 0) return 1;
    if (argc == 5) shared.one_arena = aligned(shared.arena_bytes);
    static pthread_t workers[threads_most];
    for (int index = 0; index < threads; index++) {
        if (pthread_create(&workers[index], NULL, work, (void *)(uintptr_t)(index + 1)) != 0) return 3;
    }
    double start = seconds();
    for (int sample = 0; sample <= 60; sample++) {
        double until = start + length * sample / 60;
        while (seconds() < until) usleep(2000);
        printf("%.2f %lld %ld\n", seconds() - start, (long long)atomic_load(&runs), resident_bytes());
        fflush(stdout);
    }
    atomic_store(&is_over, 1);
    for (int index = 0; index < threads; index++) pthread_join(workers[index], NULL);
    printf("total %lld %lld %lld\n", (long long)atomic_load(&runs), (long long)atomic_load(&sessions),
           (long long)atomic_load(&differences));
    return atomic_load(&differences) == 0 ? 0 : 1;
}
