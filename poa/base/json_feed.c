#include "json_feed.h"

#include "cleanup.h"
#include "json.h"
#include "json_hook.h"
#include "span.h"

#include <string.h>

/* Where the string that begins at text.ptr[at] ends: behind its closing quote, or at the end of the text. */
static size_t end_of_string(poa_span text, size_t at)
{
    for (at++; at < text.len && text.ptr[at] != '"'; at++)
        if (text.ptr[at] == '\\')
            at++;
    return at < text.len ? at + 1 : text.len;
}

/* Where what begins there and is no string ends: behind one byte, or where a token surely ends. */
static size_t end_of_word(poa_span text, size_t at)
{
    for (at++; at < text.len && !strchr("\"[]{},: \t\r\n", text.ptr[at]); at++)
        continue;
    return at;
}

static size_t longest_token(poa_span text)
{
    size_t longest = 0;
    for (size_t at = 0; at < text.len;) {
        const size_t end = text.ptr[at] == '"' ? end_of_string(text, at) : end_of_word(text, at);
        if (end - at > longest)
            longest = end - at;
        at = end;
    }
    return longest;
}

/*
 * Bytes of the number. The buffer has 16 bytes and doubles when a byte, with the NUL behind it, would fill it: so at a
 * power of two it has just grown, and the comma that jansson reads behind the number does not make it grow.
 */
static size_t number_length(poa_span text)
{
    const size_t longest = longest_token(text);
    size_t length = 16;
    while (length < longest + 2)
        length *= 2;
    return length;
}

/* What is still to be fed, one part after the other. */
typedef struct feed {
    poa_span head; /* array and number */
    size_t zeros;
    poa_span comma;
    poa_span text;
    poa_span tail;
} feed;

static size_t give(void *buffer, poa_span *from, size_t max)
{
    const poa_span head = poa_span_head(*from, max);
    if (head.len > 0)
        memcpy(buffer, head.ptr, head.len);
    *from = poa_span_skip(*from, head.len);
    return head.len;
}

static size_t give_next(void *buffer, size_t max, void *arg)
{
    feed *f = arg;
    if (poa_json_hook_failed())
        return 0;
    if (f->head.len > 0)
        return give(buffer, &f->head, max);
    if (f->zeros > 0) {
        f->zeros--;
        memset(buffer, '0', 1);
        return 1;
    }
    if (f->comma.len > 0)
        return give(buffer, &f->comma, max);
    return f->text.len > 0 ? give(buffer, &f->text, max) : give(buffer, &f->tail, max);
}

json_t *poa_json_feed(poa_span text, json_error_t *error)
{
    feed f = {
        .head = POA_SPAN("[0."),
        .zeros = number_length(text) - 2,
        .comma = POA_SPAN(","),
        .text = text,
        .tail = POA_SPAN("]"),
    };
    POA_CLEANUP(poa_json_decrefp) json_t *pair = json_load_callback(give_next, &f, JSON_REJECT_DUPLICATES, error);
    /* A text such as {},{} would be more than one value. */
    if (json_array_size(pair) != 2)
        return NULL;
    return json_incref(json_array_get(pair, 1));
}
