#ifndef POA_BASE_JSON_H
#define POA_BASE_JSON_H

#include "poa/error.h"
#include "poa/span.h"

#include <jansson.h>
#include <stdint.h>

static inline void poa_json_decrefp(json_t **value)
{
    json_decref(*value);
}
/* POA_CLEANUP(poa_json_decrefp) json_t *owned; what json_object_get() returns is borrowed and never gets one. */

/**
 * poa_json_parse() - the only way in this project to read JSON.
 * @text: at most POA_JSON_BYTES_MAX bytes; white space around the value is allowed
 * @out:  the object; the caller owns it (json_decref)
 *
 * One object, no member named twice, valid UTF-8, nothing behind it, at most POA_JSON_DEPTH_MAX levels. U+0000 is
 * refused, also as an escape. A number that jansson cannot hold is read as a real number, which no typed reader takes,
 * so that it is an error of the member and not of the text.
 *
 * Return: POA_OK, POA_E_TOO_LARGE, POA_E_MALFORMED, POA_E_DUPLICATE_MEMBER, POA_E_LIMIT_EXCEEDED, POA_F_NOMEM.
 */
POA_MUST_USE poa_err poa_json_parse(poa_span text, json_t **out);

/**
 * poa_json_parse_strict() - the same for a token's header or payload: not a byte stands around the object.
 */
POA_MUST_USE poa_err poa_json_parse_strict(poa_span text, json_t **out);

/*
 * What is wrong with a text that is no JSON or names a member twice, and its line, from 1: for messages about a
 * document that a person wrote. The complaint may quote the text. False, and nothing written, when poa_json_parse()
 * finds no such fault in it.
 */
bool poa_json_complaint(poa_span text, char *complaint, size_t cap, size_t *line);

/* A string value as a span (it may hold no NUL); the empty span when value is no string. */
poa_span poa_json_span(const json_t *value);

/* Is value a whole number from min to max? Sets *out then. */
bool poa_json_int(const json_t *value, int64_t min, int64_t max, int64_t *out);

#endif
