/// A fixed pool of threads that share a list of stages, piece by piece.
#ifndef CHOST_POOL_H
#define CHOST_POOL_H

#include <stdint.h>

typedef struct martlet_host_pool martlet_host_pool;

/// Computes one piece of a stage on thread `thread`: 0 is the one that called `martlet_host_pool_run`. The pieces of a
/// stage run in any order and at the same time; a stage begins when all pieces of the one before are done, and sees what
/// they wrote.
typedef void (*martlet_host_pool_body)(void *context, int32_t stage, int32_t piece, int32_t thread);

enum {
  /// The most stages, and pieces of one stage, that a pool takes.
  MARTLET_POOL_STAGES_MOST = (1 << 20) - 2,
  MARTLET_POOL_PIECES_MOST = 1 << 14,
};

/// Starts `threads` − 1 threads (at least one). `pieces` says how many pieces each of the `stages` stages has, at least
/// one, and must outlive the pool, as `context` must. NULL when the system gives no memory or no thread.
martlet_host_pool *martlet_host_pool_start(int32_t threads, const int32_t *pieces, int32_t stages,
                                           martlet_host_pool_body body, void *context);
/// Runs all stages; returns when the last one is done. Threads that the system does not run meanwhile are not waited for,
/// unless they hold a piece.
void martlet_host_pool_run(martlet_host_pool *pool);
/// Ends the threads and frees the pool.
void martlet_host_pool_stop(martlet_host_pool *pool);

#endif
