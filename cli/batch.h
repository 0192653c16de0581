#ifndef CLI_BATCH_H
#define CLI_BATCH_H

#include "asking.h"

/*
 * Bringing in many devices whose requests were collected before: NDJSON in, one line of result for each, as they come.
 *
 * A line of the results is the server's answer and `request`, the SHA-256 of the request's line: what came in is not
 * asked for again when the same batch runs once more, wherever it was stopped.
 */
typedef struct cli_batch {
    const cli_agent *agent;
    const char *requests; /* file */
    const char *results;  /* file; appended to */
    const char
        *simulated; /* folder of simulated devices, each named by its serial: they keep their credentials; NULL */
} cli_batch;

/* CLI_OK when every device of the batch is in, else the exit code of the first refusal. */
int cli_batch_run(const cli *app, const cli_batch *batch);

#endif
