#ifndef CLI_JSON_PLACE_H
#define CLI_JSON_PLACE_H

#include "poa/span.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Where in a JSON text something stands, for messages about a document that a person wrote.
 */

/*
 * Line (from 1) of what a JSON pointer (RFC 6901) names in a text that poa_json_parse() accepted; of its nearest
 * container where it does not stand there.
 */
size_t cli_json_line(poa_span text, const char *pointer);

enum { CLI_COMPLAINT_BYTES = 160 };

/* What is wrong with a text that is no JSON or names a member twice, and the line; false when the text is sound. */
bool cli_json_complaint(poa_span text, char complaint[CLI_COMPLAINT_BYTES], size_t *line);

#endif
