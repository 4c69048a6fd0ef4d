"""Some ten thousand objects of all sizes, made by four threads, some of them dropped again."""

import random
import threading
import time

SIZES = (8, 16, 40, 100, 250, 700, 2000, 6000, 20000, 70000, 300000, 2000000)
WEIGHTS = (9, 9, 9, 9, 9, 9, 5, 4, 2, 1, 0.2, 0.02)
kept = []


def work(seed):
    dice = random.Random(seed)
    mine = []
    for size in dice.choices(SIZES, WEIGHTS, k=6000):
        mine.append(bytearray(size + dice.randrange(size)))
    kept.append([thing for thing in mine if dice.random() < 0.7])


def run(seeds):
    threads = [threading.Thread(target=work, args=(seed,)) for seed in seeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


run(range(4))
run(range(4, 6))
while True:
    time.sleep(1000)
