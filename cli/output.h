#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "poa/reason.h"

#include "buf.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/*
 * Data goes to stdout, everything else to stderr. What comes from a token, a server or a file is shown through
 * cli_escape(), whether or not a terminal is there: a pipe often ends in one.
 */

/* Before anything is printed: looks at the terminal, the locale and NO_COLOR. */
void cli_output_init(void);

/* Lines on stderr, "poa: " before them. Arguments are text of ours or of the command line, or escaped. */
__attribute__((format(printf, 1, 2))) void cli_say(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cli_warn(const char *format, ...);
__attribute__((format(printf, 1, 2))) void cli_hint(const char *format, ...);
/* The same, and the exit code to return: CLI_USAGE, CLI_FAULT. */
__attribute__((format(printf, 1, 2))) int cli_usage(const char *format, ...);
__attribute__((format(printf, 1, 2))) int cli_fault(const char *format, ...);

/* A fault of the library: tells it and gives its exit code. */
int cli_fault_of(poa_err err);

/*
 * Append text with every character that a terminal may act on, or that hides or reorders others, written as \u{..}:
 * controls (C0, DEL, C1), bidirectional and other format characters, line separators, and the backslash itself, so
 * that an escape cannot be feigned. A byte that is not UTF-8 becomes \x{..}.
 */
void cli_escape(poa_buf *b, poa_span text);
/* The same as new text, which the caller ends with free(); never NULL: without memory the program ends. */
char *cli_escaped(poa_span text);

/* A value as JSON in ASCII, every other character as \uXXXX, so that no terminal acts on it. */
void cli_escape_json(poa_buf *b, const json_t *value);

/* How a piece of text looks on a terminal. */
enum cli_style { CLI_PLAIN, CLI_GOOD, CLI_BAD, CLI_DOUBT, CLI_DIM, CLI_BOLD };
/* The text that begins a style on this stream; "" where there are no colours. CLI_PLAIN ends it. */
const char *cli_paint(const FILE *stream, enum cli_style style);
/* May the output hold characters beyond ASCII of our own (tree lines, ticks)? */
bool cli_unicode(void);

/* Write to stdout; CLI_FAULT when it cannot be written or the buffer failed. */
int cli_print(const poa_buf *b);
/* One JSON value and a newline on stdout, members in their order. */
int cli_print_json(const json_t *value);

/* Read any one JSON value by the project's own reader; NULL when it is none. The caller owns it. */
json_t *cli_json_value(poa_span text);
/* A text as a JSON string, null where its ptr is NULL; the caller owns it. */
json_t *cli_json_text(poa_span text);
/* Its compact text, malloc'ed; NULL without memory. */
char *cli_json_compact(const json_t *value);

#endif
