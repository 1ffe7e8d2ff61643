// Threads that share stages piece by piece. Each thread has a part of a stage's pieces of its own, and a ticket that says
// which of them is next; who has none left takes from the others' parts. So a thread that the system does not run holds
// nothing up, as long as it holds no piece. Whoever finishes the last piece of a stage opens the next one, and runs stages
// of one piece itself.
#include "CHost.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    /// Before a thread goes to sleep.
    spin_nanoseconds = 100000,
    /// Looks at a ticket between two looks at the clock.
    spins_per_look = 128,
    /// The stage of a ticket when no stage is open.
    stage_none = (1 << 20) - 1,
    run_mask = (1 << 12) - 1,
    line_bytes = 128,
    /// Threads whose tickets lie in one line.
    few_threads = 7,
};

typedef struct martlet_host_worker {
    /// The run's number (12 bits), its stage (20), the end of the thread's part (16), the next piece of it (16).
    uint64_t *ticket;
    martlet_host_pool *pool;
    int32_t thread;
    pthread_t handle;
} martlet_host_worker;

struct martlet_host_pool {
    /// Pieces of the open stage that are not done, and the tickets. For few threads all lie in one cache line: handing a
    /// stage over then moves one line between processors. For many, each has a line of its own (two, for processors that
    /// fetch lines in pairs).
    uint64_t *counters;
    int32_t *remaining;
    _Alignas(128) int32_t sleepers;
    int32_t stops;
    _Alignas(128) const int32_t *pieces;
    int32_t stages, threads, started;
    martlet_host_pool_body body;
    void *context;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    martlet_host_worker *workers;
    _Alignas(128) uint32_t run;  // of the calling thread alone
};

static inline uint64_t ticket_of(uint32_t run, int32_t stage, int32_t next, int32_t end) {
    return (uint64_t)run << 52 | (uint64_t)(uint32_t)stage << 32 | (uint64_t)(uint32_t)end << 16 | (uint32_t)next;
}

static inline uint32_t run_of(uint64_t ticket) { return (uint32_t)(ticket >> 52); }
static inline int32_t stage_of(uint64_t ticket) { return (int32_t)(ticket >> 32 & stage_none); }
static inline int32_t next_of(uint64_t ticket) { return (int32_t)(ticket & 0xFFFF); }
static inline int32_t has_piece(uint64_t ticket) { return next_of(ticket) < (int32_t)(ticket >> 16 & 0xFFFF); }

static inline void pause_briefly(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void wake_sleepers(martlet_host_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

/// Waits until the ticket differs from `old`. Sleep is for when the next run is far, or another program has the processor
/// that the last piece of a stage needs.
static void wait_while_equal(martlet_host_pool *pool, const uint64_t *ticket, uint64_t old) {
    uint64_t begin = 0;
    for (uint32_t looks = 1;; looks++) {
        if (__atomic_load_n(ticket, __ATOMIC_ACQUIRE) != old) return;
        pause_briefly();
        if (looks % spins_per_look != 0) continue;
        uint64_t now = martlet_host_nanoseconds();
        if (begin == 0) begin = now;
        if (now - begin > spin_nanoseconds) break;
    }
    pthread_mutex_lock(&pool->lock);
    // Sequentially consistent, as `finish` is: either it sees the sleeper or the sleeper sees the ticket.
    __atomic_fetch_add(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    while (__atomic_load_n(ticket, __ATOMIC_SEQ_CST) == old && !__atomic_load_n(&pool->stops, __ATOMIC_RELAXED)) {
        pthread_cond_wait(&pool->wake, &pool->lock);
    }
    __atomic_fetch_sub(&pool->sleepers, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_unlock(&pool->lock);
}

/// Opens a stage of several pieces. A thread whose part is empty is not told: it would find nothing to do. That also
/// makes sure that the stage is not over before the last ticket is written.
static void open_stage(martlet_host_pool *pool, uint32_t run, int32_t stage) {
    int32_t pieces = pool->pieces[stage], threads = pool->threads;
    __atomic_store_n(pool->remaining, pieces, __ATOMIC_RELAXED);
    for (int32_t thread = threads - 1; thread >= 0; thread--) {
        int32_t first = (pieces * thread + threads - 1) / threads;
        int32_t end = (pieces * (thread + 1) + threads - 1) / threads;
        if (first == end) continue;
        __atomic_store_n(pool->workers[thread].ticket, ticket_of(run, stage, first, end), __ATOMIC_RELEASE);
    }
    // A thread that is just falling asleep may be missed: it misses this stage, and `finish` misses nobody.
    if (__atomic_load_n(&pool->sleepers, __ATOMIC_RELAXED) > 0) wake_sleepers(pool);
}

/// Tells the calling thread that the run is over.
static void finish(martlet_host_pool *pool, uint32_t run) {
    __atomic_exchange_n(pool->workers[0].ticket, ticket_of(run, stage_none, 0, 0), __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&pool->sleepers, __ATOMIC_SEQ_CST) > 0) wake_sleepers(pool);
}

/// Everything before `stage` is done.
static void go_on(martlet_host_pool *pool, int32_t thread, uint32_t run, int32_t stage) {
    for (; stage < pool->stages && pool->pieces[stage] == 1; stage++) pool->body(pool->context, stage, 0, thread);
    if (stage < pool->stages) {
        open_stage(pool, run, stage);
    } else {
        finish(pool, run);
    }
}

/// Computes one piece, of the thread's own part if there is one left. 0: there is none anywhere.
static int32_t work_once(martlet_host_pool *pool, int32_t thread) {
    for (int32_t i = 0; i < pool->threads; i++) {
        int32_t owner = thread + i < pool->threads ? thread + i : thread + i - pool->threads;
        uint64_t *ticket = pool->workers[owner].ticket;
        if (!has_piece(__atomic_load_n(ticket, __ATOMIC_RELAXED))) continue;
        // The stage may have changed since the look: what counts is the ticket that was drawn.
        uint64_t drawn = __atomic_fetch_add(ticket, 1, __ATOMIC_ACQUIRE);
        if (!has_piece(drawn)) continue;
        pool->body(pool->context, stage_of(drawn), next_of(drawn), thread);
        if (__atomic_fetch_sub(pool->remaining, 1, __ATOMIC_ACQ_REL) == 1) {
            go_on(pool, thread, run_of(drawn), stage_of(drawn) + 1);
        }
        return 1;
    }
    return 0;
}

static void *work(void *argument) {
    martlet_host_worker *worker = argument;
    martlet_host_pool *pool = worker->pool;
    while (!__atomic_load_n(&pool->stops, __ATOMIC_ACQUIRE)) {
        uint64_t seen = __atomic_load_n(worker->ticket, __ATOMIC_ACQUIRE);
        if (!work_once(pool, worker->thread)) wait_while_equal(pool, worker->ticket, seen);
    }
    return NULL;
}

/// Places for everything that threads count with. 0: there is no memory.
static int32_t allocate_counters(martlet_host_pool *pool) {
    size_t lines = pool->threads <= few_threads ? 1 : (size_t)pool->threads + 1;
    if (posix_memalign((void **)&pool->counters, line_bytes, lines * line_bytes) != 0) pool->counters = NULL;
    pool->remaining = (int32_t *)(void *)pool->counters;
    pool->workers = pool->counters == NULL ? NULL : calloc((size_t)pool->threads, sizeof *pool->workers);
    return pool->workers != NULL;
}

martlet_host_pool *martlet_host_pool_start(
    int32_t threads, const int32_t *pieces, int32_t stages, martlet_host_pool_body body, void *context) {
    if (threads < 2 || stages < 0 || stages > MARTLET_POOL_STAGES_MOST) return NULL;
    martlet_host_pool *pool;
    if (posix_memalign((void **)&pool, 128, sizeof *pool) != 0) return NULL;
    *pool = (martlet_host_pool){
        .pieces = pieces, .stages = stages, .threads = threads, .body = body, .context = context};
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    if (allocate_counters(pool)) {
        for (int32_t thread = 0; thread < threads; thread++) {
            uint64_t *ticket = pool->counters + (threads <= few_threads ? thread + 1 : (thread + 1) * (line_bytes / 8));
            *ticket = ticket_of(0, stage_none, 0, 0);
            pool->workers[thread] = (martlet_host_worker){.ticket = ticket, .pool = pool, .thread = thread};
        }
    }
    while (pool->workers != NULL && pool->started < threads - 1) {
        martlet_host_worker *worker = &pool->workers[pool->started + 1];
        if (pthread_create(&worker->handle, NULL, work, worker) != 0) break;
        pool->started++;
    }
    if (pool->started == threads - 1) return pool;
    martlet_host_pool_stop(pool);
    return NULL;
}

void martlet_host_pool_run(martlet_host_pool *pool) {
    const uint64_t *ticket = pool->workers[0].ticket;
    pool->run = (pool->run + 1) & run_mask;
    go_on(pool, 0, pool->run, 0);
    for (;;) {
        uint64_t seen = __atomic_load_n(ticket, __ATOMIC_ACQUIRE);
        if (stage_of(seen) == stage_none && run_of(seen) == pool->run) return;
        if (!work_once(pool, 0)) wait_while_equal(pool, ticket, seen);
    }
}

void martlet_host_pool_stop(martlet_host_pool *pool) {
    pthread_mutex_lock(&pool->lock);
    __atomic_store_n(&pool->stops, 1, __ATOMIC_RELEASE);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int32_t i = 1; i <= pool->started; i++) pthread_join(pool->workers[i].handle, NULL);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool->counters);
    free(pool);
}
