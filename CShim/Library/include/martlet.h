/* Martlet from C: opens a packed model (.martlet), runs it in memory that the caller owns, allocates nothing.
 *
 *     size_t arena_bytes;
 *     martlet_fault fault = martlet_model_verify(file, file_bytes, &arena_bytes);
 *     void *arena = aligned_alloc(64, arena_bytes), *memory = aligned_alloc(64, martlet_session_bytes());
 *     martlet_session *session;
 *     fault = martlet_session_open(file, file_bytes, arena, arena_bytes, memory, martlet_session_bytes(), &session);
 *     martlet_session_set_reals(session, 0, image, image_count);
 *     martlet_session_run(session);
 *     martlet_session_get_reals(session, 0, scores, score_count);
 *
 * Every function that can fail returns a fault whose code is 0 when it did not. A session is for one thread at a time;
 * several sessions may share one model. Names and meanings of this header stay within major version 1. */
#ifndef MARTLET_H
#define MARTLET_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Version of this interface: grows with what is added. */
#define MARTLET_INTERFACE_VERSION 1

/* A model in an arena; lives in the memory given to martlet_session_open. */
typedef struct martlet_session martlet_session;

/* What was refused. martlet_explanation(code) has the sentence. */
typedef struct {
    /* 0: nothing was refused. */
    uint16_t code;
    /* The operator or tensor that it concerns, or 0xFFFF. */
    uint16_t index;
    /* A byte offset or the number that is missing, as the explanation says. */
    uint32_t detail;
} martlet_fault;

/* The type of a tensor's values. */
typedef enum {
    MARTLET_INT8 = 0,
    MARTLET_INT16 = 1,
    MARTLET_INT32 = 2,
} martlet_element;

/* A tensor of height x width x channels values, channels next to each other, batch 1.
 * real value = scale * (value - zero_point). */
typedef struct {
    int32_t height;
    int32_t width;
    int32_t channels;
    int32_t element;
    float scale;
    int32_t zero_point;
} martlet_tensor;

/* Version of the interface that the library was built with: MARTLET_INTERFACE_VERSION. */
int32_t martlet_interface_version(void);
/* What is wrong, as the end of the sentence "The model cannot be used: ..."; "" for a code that is none. */
const char *martlet_explanation(uint16_t code);
/* What to do about it: a sentence. */
const char *martlet_remedy(uint16_t code);

/* Checks everything in a packed model that the runtime relies on. The bytes must begin at a multiple of 64.
 * arena_bytes may be NULL; it receives the bytes that a session's arena needs. */
martlet_fault martlet_model_verify(const void *model, size_t model_bytes, size_t *arena_bytes);

/* Bytes of memory, beginning at a multiple of 16, that a session needs besides its arena. */
size_t martlet_session_bytes(void);
/* Verifies the model and opens it. model, arena (both at multiples of 64) and memory must stay as they are until
 * martlet_session_close; nothing else is kept. *session is NULL when something is refused. */
martlet_fault martlet_session_open(const void *model, size_t model_bytes, void *arena, size_t arena_bytes,
                                   void *memory, size_t memory_bytes, martlet_session **session);
/* The memory, the arena and the model are the caller's again. NULL is allowed. */
void martlet_session_close(martlet_session *session);

/* Numbers of inputs and outputs. */
int32_t martlet_session_input_count(const martlet_session *session);
int32_t martlet_session_output_count(const martlet_session *session);
/* Shape and quantization of an input or output. */
martlet_fault martlet_session_input(const martlet_session *session, int32_t index, martlet_tensor *tensor);
martlet_fault martlet_session_output(const martlet_session *session, int32_t index, martlet_tensor *tensor);
/* The UTF-8 name of an input or output, not ended by 0, inside the model; NULL when there is none. */
const char *martlet_session_input_name(const martlet_session *session, int32_t index, size_t *bytes);
const char *martlet_session_output_name(const martlet_session *session, int32_t index, size_t *bytes);
/* The number of class labels, and one of them: UTF-8, not ended by 0, inside the model. */
int32_t martlet_session_label_count(const martlet_session *session);
const char *martlet_session_label(const martlet_session *session, int32_t index, size_t *bytes);
/* The name of the processor family whose kernels run. */
const char *martlet_session_kernels(const martlet_session *session);

/* Puts a whole input in: real values, its own values (int8, or int16), or the pixels of a picture of exactly its size (only
 * the first input of a model that says how pixels become values). Inputs share memory with later tensors: set all of
 * them before each run. */
martlet_fault martlet_session_set_reals(martlet_session *session, int32_t index, const float *values, size_t count);
martlet_fault martlet_session_set_values(martlet_session *session, int32_t index, const void *values, size_t bytes);
martlet_fault martlet_session_set_pixels(martlet_session *session, const uint8_t *pixels, size_t count);
/* Whether the first input is given row by row instead (models made with --push-rows): push each row in order; the last one
 * sets *is_done, and the outputs are there. */
int32_t martlet_session_takes_rows(const martlet_session *session);
martlet_fault martlet_session_push_reals(martlet_session *session, const float *row, size_t count, int32_t *is_done);
martlet_fault martlet_session_push_pixels(martlet_session *session, const uint8_t *row, size_t count, int32_t *is_done);

/* Runs the network on what its inputs hold. */
void martlet_session_run(martlet_session *session);
/* Makes a network with states forget earlier runs. */
void martlet_session_reset(martlet_session *session);

/* Copies an output: real values, or its own values as int32. count is the number of its values. */
martlet_fault martlet_session_get_reals(const martlet_session *session, int32_t index, float *values, size_t count);
martlet_fault martlet_session_get_values(const martlet_session *session, int32_t index, int32_t *values, size_t count);

#ifdef __cplusplus
}
#endif

#endif
