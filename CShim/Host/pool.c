// Threads that wait for each other by spinning, and asleep when it takes long.
#include "CHost.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    /// Looks at a flag before a thread goes to sleep: some tens of microseconds.
    spins_before_sleep = 10000,
};

/// Each flag has a cache line (two, for processors that fetch lines in pairs) of its own.
struct martlet_host_pool {
    _Alignas(128) uint32_t run;    // number of the latest run
    _Alignas(128) uint32_t arrived;  // threads that wait in the present meeting
    _Alignas(128) uint32_t meeting;  // number of meetings that are over
    _Alignas(128) uint32_t sleepers;
    uint32_t stops;
    martlet_host_pool_body body;
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    int32_t threads, started;
    struct martlet_host_worker *workers;
};

typedef struct martlet_host_worker {
    martlet_host_pool *pool;
    int32_t share;
    pthread_t thread;
} martlet_host_worker;

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

/// Waits until the flag differs from `old`. Sleep is for when the next run is far, or another program has the processor
/// that the last thread of a meeting needs.
static void wait_while_equal(martlet_host_pool *pool, const uint32_t *flag, uint32_t old) {
    for (int32_t spins = 0; spins < spins_before_sleep; spins++) {
        if (__atomic_load_n(flag, __ATOMIC_ACQUIRE) != old) return;
        pause_briefly();
    }
    pthread_mutex_lock(&pool->lock);
    // Sequentially consistent, as `advance` is: either it sees the sleeper or the sleeper sees the flag.
    __atomic_fetch_add(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(flag, __ATOMIC_SEQ_CST) == old) pthread_cond_wait(&pool->wake, &pool->lock);
    __atomic_fetch_sub(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&pool->lock);
}

/// Counts a flag up and wakes whoever sleeps.
static void advance(martlet_host_pool *pool, uint32_t *flag) {
    __atomic_fetch_add(flag, 1, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&pool->sleepers, __ATOMIC_SEQ_CST) == 0) return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

static void *work(void *argument) {
    martlet_host_worker *worker = argument;
    martlet_host_pool *pool = worker->pool;
    for (uint32_t last = 0;; last++) {
        wait_while_equal(pool, &pool->run, last);
        if (__atomic_load_n(&pool->stops, __ATOMIC_ACQUIRE)) return NULL;
        pool->body(pool->context, worker->share);
    }
}

martlet_host_pool *martlet_host_pool_start(int32_t threads, martlet_host_pool_body body, void *context) {
    if (threads < 2) return NULL;
    martlet_host_pool *pool;
    if (posix_memalign((void **)&pool, 128, sizeof *pool) != 0) return NULL;
    *pool = (martlet_host_pool){.body = body, .context = context, .threads = threads};
    pool->workers = calloc((size_t)threads, sizeof *pool->workers);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    while (pool->workers != NULL && pool->started < threads - 1) {
        martlet_host_worker *worker = &pool->workers[pool->started];
        worker->pool = pool;
        worker->share = pool->started + 1;
        if (pthread_create(&worker->thread, NULL, work, worker) != 0) break;
        pool->started++;
    }
    if (pool->started == threads - 1) return pool;
    martlet_host_pool_stop(pool);
    return NULL;
}

void martlet_host_pool_run(martlet_host_pool *pool) {
    advance(pool, &pool->run);
    pool->body(pool->context, 0);
}

void martlet_host_pool_meet(martlet_host_pool *pool) {
    uint32_t meeting = __atomic_load_n(&pool->meeting, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&pool->arrived, 1, __ATOMIC_ACQ_REL) < (uint32_t)pool->threads) {
        wait_while_equal(pool, &pool->meeting, meeting);
        return;
    }
    __atomic_store_n(&pool->arrived, 0, __ATOMIC_RELAXED);
    advance(pool, &pool->meeting);
}

void martlet_host_pool_stop(martlet_host_pool *pool) {
    __atomic_store_n(&pool->stops, 1, __ATOMIC_RELEASE);
    advance(pool, &pool->run);
    for (int32_t i = 0; i < pool->started; i++) pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}
