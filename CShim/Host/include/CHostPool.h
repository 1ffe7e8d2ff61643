/// A fixed pool of threads that run one body together and meet inside it.
#ifndef CHOST_POOL_H
#define CHOST_POOL_H

#include <stdint.h>

typedef struct martlet_host_pool martlet_host_pool;

/// What every thread of a pool runs: `share` is 0 for the thread that called `martlet_host_pool_run`, else 1…threads − 1.
typedef void (*martlet_host_pool_body)(void *context, int32_t share);

/// Starts `threads` − 1 threads (at least one). NULL when the system gives no memory or no thread.
martlet_host_pool *martlet_host_pool_start(int32_t threads, martlet_host_pool_body body, void *context);
/// Runs the body once on every thread, the calling one included; returns when the calling one is through. The body must
/// meet at least once, and all that the other threads do for the caller must lie before their last meeting.
void martlet_host_pool_run(martlet_host_pool *pool);
/// Inside the body: returns when every thread of the pool has called it as often. What the others wrote is visible.
void martlet_host_pool_meet(martlet_host_pool *pool);
/// Ends the threads and frees the pool.
void martlet_host_pool_stop(martlet_host_pool *pool);

#endif
