#include "progress.h"

#include "output.h"
#include "times.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { DRAW_US = 100000 };

static int64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static double rate_of(const cli_progress *p, int64_t at_us)
{
    const int64_t took_us = at_us - p->began_us;
    return took_us > 0 ? (double)(p->done + p->failed) * 1e6 / (double)took_us : 0;
}

static void draw(cli_progress *p, int64_t at_us)
{
    const double rate = rate_of(p, at_us);
    const size_t over = p->done + p->failed;
    fprintf(stderr, "\r\033[K%zu done, %zu failed", p->done, p->failed);
    if (p->total > 0)
        fprintf(stderr, " of %zu", p->total);
    fprintf(stderr, ", %.0f/s", rate);
    if (p->total > over && rate > 0) {
        char left[CLI_TIME_TEXT];
        cli_duration_show((int64_t)((double)(p->total - over) / rate) + 1, left);
        fprintf(stderr, ", %s left", left);
    }
    fflush(stderr);
    p->drawn_us = at_us;
}

void cli_progress_begin(cli_progress *p, size_t total)
{
    *p = (cli_progress){.terminal = isatty(STDERR_FILENO) == 1, .total = total, .began_us = now_us()};
}

void cli_progress_count(cli_progress *p, bool well)
{
    if (well)
        p->done++;
    else
        p->failed++;
    if (!p->terminal)
        return;
    const int64_t at_us = now_us();
    if (at_us - p->drawn_us >= DRAW_US)
        draw(p, at_us);
}

void cli_progress_clear(const cli_progress *p)
{
    if (p->terminal)
        fprintf(stderr, "\r\033[K");
}

void cli_progress_end(cli_progress *p)
{
    const int64_t at_us = now_us();
    char took[CLI_TIME_TEXT];
    cli_duration_show((at_us - p->began_us + 999999) / 1000000, took);
    cli_progress_clear(p);
    cli_say("%zu done, %zu failed in %s (%.0f/s)", p->done, p->failed, took, rate_of(p, at_us));
}
