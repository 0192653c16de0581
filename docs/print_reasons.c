/*
 * Prints docs/reasons.md from the one table of outcomes. `meson test reasons` holds the committed file against it.
 */

#include "poa/error.h"

#include <stdio.h>

static void print_step(int step)
{
    if (step > 0)
        printf("%d", step);
    else
        printf("-");
}

static void print_rows(bool faults)
{
    printf("| Code | Number | Given when | Step | HTTP | Exit |\n"
           "| --- | ---: | --- | ---: | ---: | ---: |\n");
    for (const poa_err_info *row = poa_err_next(NULL); row; row = poa_err_next(row)) {
        if (poa_err_is_fault(row->code) != faults)
            continue;
        printf("| `%s` | %d | %s | ", row->name, (int)row->code, row->condition);
        print_step(row->step);
        printf(" | %d | %d |\n", row->http, row->exit);
    }
}

int main(void)
{
    printf(
        "# Reason codes\n\n"
        "<!-- Printed by docs/print_reasons.c from poa/include/poa/error.h. Do not edit. -->\n\n"
        "Every outcome of a decision, once: the C API, the command line (`--json`) and HTTP spell it the same. Codes\n"
        "and numbers are stable: some may be added, none renamed. What a reason holds besides its code (`hop`,\n"
        "`member`, values) is in [protocol.md](protocol.md), section 7.\n\n"
        "*Step* is the step of verification, [protocol.md](protocol.md) section 4, that gives the code first; later\n"
        "steps may give it too. *HTTP* is the status of the server's answer; `POST /v1/decisions` answers 200\n"
        "whichever way a decision goes, and `GET /v1/authorize` knows 200, 401 and 403 alone. *Exit* is the exit\n"
        "code of `poa`.\n\n"
        "## Answers\n\n"
        "All was read. `ok` permits, every other code refuses.\n\n");
    print_rows(false);
    printf("\n## Faults\n\n"
           "Nothing is known, so nothing is permitted. They are no codes of the protocol.\n\n");
    print_rows(true);
    printf("\n## Exit codes of `poa`\n\n"
           "| Exit | Meaning |\n"
           "| ---: | --- |\n"
           "| 0 | permit, or done |\n"
           "| 1 | internal fault: nothing is known |\n"
           "| 2 | usage: a command that cannot be understood, or a file that cannot be read |\n"
           "| 3 | malformed |\n"
           "| 4 | signature or trust |\n"
           "| 5 | time |\n"
           "| 6 | revoked or suspended |\n"
           "| 7 | request not granted |\n"
           "| 8 | chain rule: widening, depth, linkage |\n"
           "| 9 | server unreachable |\n"
           "| 10 | revocation state unknown or too old |\n");
    return ferror(stdout) || fflush(stdout) ? 1 : 0;
}
