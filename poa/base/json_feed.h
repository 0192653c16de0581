#ifndef POA_BASE_JSON_FEED_H
#define POA_BASE_JSON_FEED_H

#include "poa/span.h"

#include <jansson.h>

/**
 * poa_json_feed() - hand a text to jansson so that lacking memory cannot harm it.
 *
 * jansson 2.14 collects the bytes of a token in a buffer that grows, and ignores that it could not grow (load.c and
 * strbuffer.c). A string then lacks a byte; where that byte is its closing quote, jansson reads and writes beyond the
 * buffer; at the end of a number it aborts. So the buffer is grown before the text begins: the text is fed as the
 * second element of an array whose first one is a number longer than any token of the text. The number is fed byte by
 * byte, and ends, as all does, at the first byte behind a growth that failed.
 *
 * Call poa_json_hook_arm() first and ask poa_json_hook_failed() afterwards.
 *
 * Return: the value of the text, of any kind; the caller owns it. NULL with *error otherwise.
 */
json_t *poa_json_feed(poa_span text, json_error_t *error);

#endif
