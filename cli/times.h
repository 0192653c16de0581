#ifndef CLI_TIMES_H
#define CLI_TIMES_H

#include "poa/span.h"

#include "buf.h"

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Times as people say them. Moments are seconds since the epoch, 0 to 2^53-1; what is shown is RFC 3339 in UTC.
 */

/* "90s", "8h", "30d", "1h30m", "2w": numbers with units s, m, h, d, w, largest unit first, each at most once, more
 * than nothing in all. */
bool cli_duration_parse(poa_span text, int64_t *seconds);

/* RFC 3339 ("2026-12-24T18:00:00Z", seconds optional, "Z" or an offset), or seconds since the epoch. */
bool cli_moment_parse(poa_span text, int64_t *moment_s);

/* The same for the value of an option: usage errors that show an example. */
int64_t cli_duration_option(const struct argp_state *state, const char *option, const char *text);
int64_t cli_moment_option(const struct argp_state *state, const char *option, const char *text);

enum { CLI_TIME_TEXT = 40 };
/* "2026-12-24T18:00:00Z". */
void cli_moment_show(int64_t moment_s, char text[CLI_TIME_TEXT]);
/* "29d 4h": the two largest units. */
void cli_duration_show(int64_t seconds, char text[CLI_TIME_TEXT]);
/* "1h30m": as cli_duration_parse() reads it, exactly. */
void cli_duration_exact(int64_t seconds, char text[CLI_TIME_TEXT]);

#endif
