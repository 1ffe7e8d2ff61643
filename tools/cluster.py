"""Hands pieces of work to workers: this process, Ray, or Dask.

`make()` is called once in each worker and gives what is called with each piece, (number, what is to do), and returns the number.
Work must leave its result where a repetition writes the same again: engines repeat what a lost worker was given."""
import json
import os
import sys
import time


def with_nothing(pieces, make, arguments):
    """In this process."""
    work = make()
    for piece in pieces:
        yield work(piece)


def with_ray(pieces, make, arguments):
    """On the actors of a Ray cluster; Ray Data starts lost ones again and repeats what they were given."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    import ray.data

    class Actor:
        def __init__(self):
            self.work = make()

        def __call__(self, batch):
            return {"number": [self.work(json.loads(piece)) for piece in batch["piece"]]}

    if arguments.address:
        ray.init(address=arguments.address)
    else:
        ray.init(num_cpus=arguments.workers, include_dashboard=False)
    data = ray.data.from_items([{"piece": json.dumps(piece)} for piece in pieces], override_num_blocks=len(pieces))
    done = data.map_batches(Actor, batch_size=1, num_cpus=1, compute=ray.data.ActorPoolStrategy(size=arguments.workers))
    for row in done.iter_rows():
        yield int(row["number"])
    ray.shutdown()


def with_dask(pieces, make, arguments):
    """On the processes of a Dask cluster; a task whose worker is lost goes to another one."""
    import dask.distributed
    dask.config.set({"distributed.scheduler.allowed-failures": 10})

    def do(piece):
        worker = dask.distributed.get_worker()
        if not hasattr(worker, "martlet_work"):
            worker.martlet_work = make()
        return worker.martlet_work(piece)

    cluster = arguments.address or dask.distributed.LocalCluster(
        n_workers=arguments.workers, threads_per_worker=1, dashboard_address=None)
    with dask.distributed.Client(cluster) as client:
        for future in dask.distributed.as_completed(client.map(do, pieces, pure=False)):
            yield future.result()


ENGINES = {"none": with_nothing, "ray": with_ray, "dask": with_dask}


def workers(text):
    """A number of workers, from the command line."""
    count = int(text)
    if count < 1:
        raise ValueError(text)
    return count


def add_options(parser):
    """The options that say who does the work."""
    parser.add_argument("--engine", choices=ENGINES, default="none", help="what hands out the work (default: this process)")
    parser.add_argument("--address", help="a running cluster (default: a cluster of processes on this machine)")
    parser.add_argument("--workers", type=workers, default=os.cpu_count(), help="workers, one thread each (default: the cores)")


def run(pieces, make, arguments, name):
    """Does all pieces, and says how far it has come."""
    started = time.monotonic()
    for done, _ in enumerate(ENGINES[arguments.engine](pieces, make, arguments), 1):
        left = (time.monotonic() - started) / done * (len(pieces) - done)
        print(f"{done} of {len(pieces)} {name}, {left:.0f} s left", file=sys.stderr, flush=True)
