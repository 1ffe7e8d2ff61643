// Runs a packed model on zeros, or on a file of float32 values, and prints the outputs: cc c-example.c -lmartlet
#include <stdio.h>
#include <stdlib.h>
#include "martlet.h"

static void *read_file(const char *path, size_t *bytes) {
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0) return NULL;
    *bytes = (size_t)ftell(file);
    rewind(file);
    void *memory = aligned_alloc(64, (*bytes + 63) / 64 * 64);
    size_t done = memory == NULL ? 0 : fread(memory, 1, *bytes, file);
    fclose(file);
    return done == *bytes ? memory : NULL;
}

static void end_unless_fine(martlet_fault fault) {
    if (fault.code == 0) return;
    fprintf(stderr, "error: %s. %s\n", martlet_explanation(fault.code), martlet_remedy(fault.code));
    exit(1);
}

int main(int count, char **arguments) {
    size_t model_bytes = 0, arena_bytes = 0, input_bytes = 0;
    void *model = count > 1 ? read_file(arguments[1], &model_bytes) : NULL;
    if (model == NULL) return fprintf(stderr, "usage: c-example MODEL.martlet [INPUT.f32]\n"), 2;
    end_unless_fine(martlet_model_verify(model, model_bytes, &arena_bytes));
    void *arena = aligned_alloc(64, arena_bytes), *memory = aligned_alloc(64, martlet_session_bytes());
    martlet_session *session;
    end_unless_fine(martlet_session_open(model, model_bytes, arena, arena_bytes, memory, martlet_session_bytes(), &session));

    martlet_tensor input, output;
    end_unless_fine(martlet_session_input(session, 0, &input));
    size_t values = (size_t)input.height * input.width * input.channels;
    float *image = count > 2 ? read_file(arguments[2], &input_bytes) : calloc(values, sizeof(float));
    end_unless_fine(martlet_session_set_reals(session, 0, image, count > 2 ? input_bytes / sizeof(float) : values));
    martlet_session_run(session);

    end_unless_fine(martlet_session_output(session, 0, &output));
    values = (size_t)output.height * output.width * output.channels;
    float *scores = calloc(values, sizeof(float));
    end_unless_fine(martlet_session_get_reals(session, 0, scores, values));
    for (size_t index = 0; index < values; ++index) printf("%.9g\n", (double)scores[index]);
    martlet_session_close(session);
    return 0;
}
