#ifndef CLI_VERDICT_H
#define CLI_VERDICT_H

#include "chains.h"
#include "tree.h"

#include "poa/request.h"

/*
 * What `poa verify` finds out: steps 1 to 8 and 10 of the protocol's section 4, each marked in the tree.
 */

/* What is asked. All borrowed. */
typedef struct cli_question {
    poa_span chain; /* text */
    const poa_policy *policy;
    int64_t at_s;
    bool with_revocations;
    poa_span revocations; /* text of the file */
    bool revocations_complete;
    const poa_request *request; /* NULL: is the chain valid and alive? */
} cli_question;

typedef struct cli_verdict {
    poa_err err;
    poa_reason why;
    const char *revocation; /* "unchecked", "checked", "unknown" */
    size_t ignored;         /* statements by keys without authority */
    poa_chain *chain;       /* owned; only read where it did not verify; NULL where it could not be read */
    cli_tree tree;          /* of that chain */
} cli_verdict;

/* Find it out. A fault of the machine is a verdict too: deny. */
void cli_verdict_reach(const cli *app, const cli_question *question, cli_verdict *verdict);
void cli_verdict_clear(cli_verdict *verdict);

#endif
