#ifndef SERVER_MACHINE_H
#define SERVER_MACHINE_H

#include "poa/signer.h"
#include "poa/span.h"

#include <stdbool.h>
#include <stdint.h>

/* What only the machine can give: time, randomness, a place for the log. Everything else gets them as parameters. */

/* Seconds since the epoch; the argument is ignored. */
int64_t machine_now_s(void *arg);
/* A monotonic clock in microseconds; the argument is ignored. */
int64_t machine_now_us(void *arg);
/* The kernel's random bytes; the argument is ignored. False when there are none. */
bool machine_random(void *arg, void *bytes, size_t len);
extern const poa_random machine_randomness;

/* A line on stderr in one write(2), so that lines of several threads never mix; the argument is ignored. */
void machine_log(void *arg, poa_span line);

/* Before any file is opened: where a standard descriptor is closed, none of ours takes its place, and with it the log.
 */
void machine_open_standard(void);

/**
 * machine_prepare() - before any thread: no SIGPIPE, files for nobody else, no core with keys in it.
 * @traceable: leave the process open to debuggers and core dumps: for --dev only
 */
void machine_prepare(bool traceable);

/* Let the process have so many descriptors, as far as the system allows. Gives how many it may have. */
uint64_t machine_allow_descriptors(uint64_t wanted);

#endif
