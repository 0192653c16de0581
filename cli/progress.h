#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How far a long command is: on a terminal one line on standard error that is drawn anew, at most ten times a second;
 * elsewhere only the last word.
 */
typedef struct cli_progress {
    bool terminal;
    size_t total; /* 0: nobody knows */
    size_t done;
    size_t failed;
    int64_t began_us;
    int64_t drawn_us;
} cli_progress;

void cli_progress_begin(cli_progress *progress, size_t total);
/* One more: well or not. */
void cli_progress_count(cli_progress *progress, bool well);
/* Take the line away, because something else is told on standard error. */
void cli_progress_clear(const cli_progress *progress);
/* "998 done, 2 failed in 3s (320/s)". */
void cli_progress_end(cli_progress *progress);

#endif
