#ifndef CLI_TREE_H
#define CLI_TREE_H

#include "poa/chain.h"

#include "buf.h"

#include <stdbool.h>
#include <stdint.h>

/*
 * A chain drawn as a tree: who grants to whom, what each link took away, how long it lasts, what was checked.
 */

/* How a check on a link came out. */
enum cli_mark {
    CLI_MARK_NONE,      /* it is not asked here: nothing is shown */
    CLI_MARK_PASS,      /* holds */
    CLI_MARK_FAIL,      /* does not hold */
    CLI_MARK_UNREACHED, /* a check before it failed */
    CLI_MARK_OPEN,      /* it was left out: nothing is known */
};

/* The checks in the order of verification. */
enum cli_check {
    CLI_CHECK_FORM,    /* steps 1 to 3 */
    CLI_CHECK_LINK,    /* steps 4 and 5: signature, claims, linkage, powers inside those above */
    CLI_CHECK_CEILING, /* step 6 */
    CLI_CHECK_TIME,    /* step 7 */
    CLI_CHECK_REVOKED, /* step 8 */
    CLI_CHECK_REQUEST, /* step 10 */
    CLI_CHECKS,
};

typedef struct cli_tree {
    const poa_chain *chain;
    int64_t now_s;
    enum cli_mark marks[9][CLI_CHECKS]; /* by link */
    const poa_reason *why;              /* shown at the link where it failed; may be NULL */
} cli_tree;

/* Set the marks of a check: it passed on all links; it failed at a hop (POA_HOP_NONE: on the last), links above it
 * passed; the rest was not reached. */
void cli_tree_pass(cli_tree *tree, enum cli_check check);
void cli_tree_fail(cli_tree *tree, enum cli_check check, int hop);
void cli_tree_mark(cli_tree *tree, enum cli_check check, enum cli_mark mark);

/* The tree itself. */
void cli_tree_draw(poa_buf *b, const cli_tree *tree);

/* What the last agent may do, and which link bounds each of it. Nothing is drawn without memory. */
void cli_tree_bounds(poa_buf *b, const poa_chain *chain);

/* "narrows" lines of link i > 0: what it took away from the one above. Each begins with the indent. */
void cli_tree_taken(poa_buf *b, const poa_chain *chain, size_t i, const char *indent);

#endif
