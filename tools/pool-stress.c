// Runs the host's pool of threads (CShim/Host/pool.c) over many shapes of stages, for the thread sanitizer. Every piece adds
// up what the stage before wrote, in memory without any lock: a stage that began too early, or did not see what was written,
// is a race for the sanitizer and a wrong number for this program.
#include <CHost.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { stages_most = 40, pieces_most = 64 };

typedef struct stress {
    const int32_t *pieces;
    /// What each piece of each stage wrote, one row a stage.
    uint64_t written[stages_most][pieces_most];
    uint64_t seed;
} stress;

static uint64_t mixed(uint64_t value) {
    value ^= value >> 31;
    value *= 0x9E3779B97F4A7C15u;
    return value ^ value >> 29;
}

static uint64_t result_of(const stress *all, int32_t stage, int32_t piece) {
    uint64_t sum = all->seed + (uint64_t)stage * 1000 + (uint64_t)piece;
    if (stage > 0) {
        for (int32_t before = 0; before < all->pieces[stage - 1]; before++) sum += all->written[stage - 1][before];
    }
    return mixed(sum);
}

static void body(void *context, int32_t stage, int32_t piece, int32_t thread) {
    (void)thread;
    stress *all = context;
    all->written[stage][piece] = result_of(all, stage, piece);
}

/// Runs of one pool; 0 when a number is wrong.
static int32_t stress_pool(int32_t threads, const int32_t *pieces, int32_t stages, int32_t runs) {
    stress *all = calloc(1, sizeof *all);
    if (all == NULL) return 0;
    all->pieces = pieces;
    martlet_host_pool *pool = martlet_host_pool_start(threads, pieces, stages, body, all);
    if (pool == NULL) {
        fprintf(stderr, "no pool of %d threads\n", threads);
        free(all);
        return 0;
    }
    int32_t is_right = 1;
    for (int32_t run = 0; run < runs && is_right; run++) {
        all->seed = mixed((uint64_t)run);
        martlet_host_pool_run(pool);
        for (int32_t stage = 0; stage < stages; stage++) {
            for (int32_t piece = 0; piece < pieces[stage]; piece++) {
                is_right &= all->written[stage][piece] == result_of(all, stage, piece);
            }
        }
    }
    if (!is_right) fprintf(stderr, "%d threads, %d stages: a piece saw old numbers\n", threads, stages);
    martlet_host_pool_stop(pool);
    free(all);
    return is_right;
}

int main(int argc, char **argv) {
    int32_t runs = argc > 1 ? atoi(argv[1]) : 500;
    int64_t pools = 0;
    uint64_t random = 1;
    for (int32_t threads = 2; threads <= 9; threads++) {
        for (int32_t shape = 0; shape < 8; shape++) {
            static const int32_t stage_counts[8] = {1, 1, 2, 3, 5, 11, 23, stages_most};
            int32_t pieces[stages_most];
            for (int32_t stage = 0; stage < stages_most; stage++) {
                random = mixed(random + (uint64_t)stage + 1);
                int32_t most = random % 3 == 0 ? 1 : random % 3 == 1 ? threads + 1 : pieces_most;
                pieces[stage] = 1 + (int32_t)(random >> 8) % most;
                if (pieces[stage] < 1) pieces[stage] = 1;
            }
            if (shape == 0) pieces[0] = pieces_most;
            if (!stress_pool(threads, pieces, stage_counts[shape], runs)) return 1;
            pools++;
        }
    }
    printf("%lld pools of 2 to 9 threads with 1 to %d stages, %d runs each\n", (long long)pools, stages_most, runs);
    return 0;
}
