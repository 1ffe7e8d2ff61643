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
    /* 0: nothing was refused. `martlet explain CODE` knows the codes below 256, the runtime's. */
    uint16_t code;
    /* The operator, tensor, input or output that it concerns, counted from 0; 0xFFFF: none. */
    uint16_t index;
    /* A byte offset in the model, or the number of bytes or values that is needed, as the explanation says. */
    uint32_t detail;
} martlet_fault;

/* The code for memory of a session that is too small or misaligned (detail: bytes needed). */
#define MARTLET_SESSION_MEMORY 256

/* The type of a tensor's values. */
typedef enum {
    MARTLET_INT8 = 0,  /* 1 byte each */
    MARTLET_INT16 = 1, /* 2 bytes each, little-endian */
    MARTLET_INT32 = 2, /* 4 bytes each, little-endian */
} martlet_element;

/* A tensor of height x width x channels values, batch 1: value (y, x, c) stands at (y * width + x) * channels + c.
 * A vector of n values is 1 x 1 x n. */
typedef struct {
    int32_t height;   /* rows */
    int32_t width;    /* pixels in a row */
    int32_t channels; /* values of a pixel */
    int32_t element;  /* a martlet_element */
    /* real value = scale * (value - zero_point); no physical unit but what the network was trained on. */
    float scale;
    int32_t zero_point; /* -128 to 127 */
} martlet_tensor;

/* Version of the interface that the library was built with: MARTLET_INTERFACE_VERSION. */
int32_t martlet_interface_version(void);
/* What is wrong, as the end of the sentence "The model cannot be used: ..."; "" for a code that is none. Ends with 0 and
 * lasts as long as the library. */
const char *martlet_explanation(uint16_t code);
/* What to do about it: a sentence that ends with 0 and lasts as long as the library; "" for a code that is none. */
const char *martlet_remedy(uint16_t code);

/* Checks everything in a packed model that the runtime relies on. The model_bytes bytes must begin at a multiple of 64.
 * arena_bytes may be NULL; it receives the bytes that a session's arena needs. */
martlet_fault martlet_model_verify(const void *model, size_t model_bytes, size_t *arena_bytes);

/* Bytes of memory, beginning at a multiple of 16, that a session needs besides its arena. */
size_t martlet_session_bytes(void);
/* Verifies the model and opens it. model, arena (both at multiples of 64) and memory must stay as they are until
 * martlet_session_close; nothing else is kept. The three sizes are in bytes. *session is NULL when something is refused:
 * MARTLET_SESSION_MEMORY concerns memory, all other codes the model or the arena. */
martlet_fault martlet_session_open(const void *model, size_t model_bytes, void *arena, size_t arena_bytes,
                                   void *memory, size_t memory_bytes, martlet_session **session);
/* The memory, the arena and the model are the caller's again. NULL is allowed. */
void martlet_session_close(martlet_session *session);

/* Numbers of inputs and outputs. */
int32_t martlet_session_input_count(const martlet_session *session);
int32_t martlet_session_output_count(const martlet_session *session);
/* Shape and quantization of the input or output number index, from 0. */
martlet_fault martlet_session_input(const martlet_session *session, int32_t index, martlet_tensor *tensor);
martlet_fault martlet_session_output(const martlet_session *session, int32_t index, martlet_tensor *tensor);
/* The UTF-8 name of an input or output, of *bytes bytes, not ended by 0, inside the model; NULL when there is none.
 * bytes may be NULL. */
const char *martlet_session_input_name(const martlet_session *session, int32_t index, size_t *bytes);
const char *martlet_session_output_name(const martlet_session *session, int32_t index, size_t *bytes);
/* The number of class labels, and one of them: UTF-8 of *bytes bytes, not ended by 0, inside the model; NULL when there
 * is none. Label number index is that of the output's value number index. */
int32_t martlet_session_label_count(const martlet_session *session);
const char *martlet_session_label(const martlet_session *session, int32_t index, size_t *bytes);
/* The name of the processor family whose kernels run, ended by 0. */
const char *martlet_session_kernels(const martlet_session *session);

/* Puts a whole input in. Inputs share memory with later tensors: set all of them before each run.
 * reals: count = height * width * channels real values, rounded to the nearest value of the tensor and clamped. */
martlet_fault martlet_session_set_reals(martlet_session *session, int32_t index, const float *values, size_t count);
/* values: the tensor's own int8 or int16 values; bytes = height * width * channels * (1 or 2). */
martlet_fault martlet_session_set_values(martlet_session *session, int32_t index, const void *values, size_t bytes);
/* pixels: a picture of exactly the first input's size, 0 to 255, red first; count = height * width * channels bytes. Only for
 * models that say how pixels become values. */
martlet_fault martlet_session_set_pixels(martlet_session *session, const uint8_t *pixels, size_t count);
/* 1 when the first input is given row by row instead (models made with --push-rows), else 0: push each row from the top, of
 * count = width * channels real values or pixels. The last one sets *is_done to 1 (others to 0; it may be NULL), and the
 * outputs are there without martlet_session_run. */
int32_t martlet_session_takes_rows(const martlet_session *session);
martlet_fault martlet_session_push_reals(martlet_session *session, const float *row, size_t count, int32_t *is_done);
martlet_fault martlet_session_push_pixels(martlet_session *session, const uint8_t *row, size_t count, int32_t *is_done);

/* Runs the network on what its inputs hold. */
void martlet_session_run(martlet_session *session);
/* Makes a network with states forget earlier runs. */
void martlet_session_reset(martlet_session *session);

/* Copies an output after a run: real values, or its own values as int32; count = height * width * channels of the output. */
martlet_fault martlet_session_get_reals(const martlet_session *session, int32_t index, float *values, size_t count);
martlet_fault martlet_session_get_values(const martlet_session *session, int32_t index, int32_t *values, size_t count);

#ifdef __cplusplus
}
#endif

#endif
