#ifndef STORE_WRITER_RIG_H
#define STORE_WRITER_RIG_H

#include "store_rig.h"

#include "store/writer.h"

#include <semaphore.h>

/* An op of these tests, and what became of it. */
typedef struct job {
    store_op op; /* first */
    unsigned n;
    poa_err check_says;
    poa_err apply_says;
    atomic_int checks;
    atomic_int applies;
    atomic_int answers;
    poa_err answer;
    sem_t *finished;
    sem_t *gate;    /* check waits for it: what is submitted meanwhile becomes one group */
    sem_t *entered; /* check tells that it is there */
} job;

/* Job n: its check says whether nonce n was used and then check_says; its apply uses it, and charges a quota. */
job job_make(unsigned n, sem_t *finished);

/* A writer with these bounds; 0: the default. */
store_writer *writer_start(rig *r, size_t queue_max, size_t group_max);

/* Submit a job that holds the writer in its check until the gate opens. */
typedef struct blocker {
    job job;
    sem_t finished;
    sem_t gate;
    sem_t entered;
} blocker;

void writer_block(store_writer *w, blocker *b);
void writer_unblock(blocker *b);

/* Was the nonce of job n used? How often was the quota of all jobs charged? */
bool job_is_stored(rig *r, unsigned n);
uint64_t jobs_charged(rig *r);

/* The number of the last commit. */
uint64_t rig_commits(rig *r);

#endif
