#include "json_place.h"

#include "buf.h"
#include "cleanup.h"
#include "json.h"
#include "span.h"

#include <stdio.h>
#include <string.h>

/* Walks a text that is known to be JSON. */
typedef struct walk {
    poa_span rest;
    size_t line;
} walk;

static void step(walk *w)
{
    if (w->rest.len > 0 && w->rest.ptr[0] == '\n')
        w->line++;
    w->rest = poa_span_skip(w->rest, 1);
}

static char next(const walk *w)
{
    return w->rest.len > 0 ? w->rest.ptr[0] : '\0';
}

static void skip_blank(walk *w)
{
    while (w->rest.len > 0 && strchr(" \t\r\n", next(w)))
        step(w);
}

/* Take a string, quotes and all. */
static poa_span take_string(walk *w)
{
    const poa_span from = w->rest;
    step(w);
    while (w->rest.len > 0 && next(w) != '"') {
        if (next(w) == '\\')
            step(w);
        step(w);
    }
    step(w);
    return poa_span_head(from, from.len - w->rest.len);
}

/* A nested value is skipped by counting brackets: strings are the only place where one may stand for itself. */
static void skip_value(walk *w)
{
    size_t depth = 0;
    do {
        skip_blank(w);
        const char c = next(w);
        if (c == '"')
            (void)take_string(w);
        else if (c == '{' || c == '[')
            depth++, step(w);
        else if (c == '}' || c == ']')
            depth--, step(w);
        else if (depth > 0 && (c == ',' || c == ':'))
            step(w);
        else
            while (w->rest.len > 0 && !strchr(" \t\r\n,:]}", next(w)))
                step(w);
    } while (depth > 0 && w->rest.len > 0);
}

/* The text of a string token, escapes undone; false without memory. */
static bool name_is(poa_span token, const char *name)
{
    POA_CLEANUP(poa_buf_clear) poa_buf holder = {0};
    POA_CLEANUP(poa_json_decrefp) json_t *object = NULL;
    poa_buf_text(&holder, "{\"name\":");
    poa_buf_add(&holder, token);
    poa_buf_text(&holder, "}");
    return !holder.failed && poa_json_parse(poa_buf_span(&holder), &object) == POA_OK &&
           poa_span_is(poa_json_span(json_object_get(object, "name")), name);
}

/* Stand before the value of that member; false when the object has none. */
static bool enter_object(walk *w, const char *name)
{
    step(w);
    for (skip_blank(w); next(w) == '"'; skip_blank(w)) {
        const size_t line = w->line;
        const poa_span token = take_string(w);
        skip_blank(w);
        step(w); /* the colon */
        skip_blank(w);
        if (name_is(token, name)) {
            w->line = line;
            return true;
        }
        skip_value(w);
        skip_blank(w);
        if (next(w) == ',')
            step(w);
    }
    return false;
}

static bool enter_array(walk *w, const char *index)
{
    uint64_t wanted = 0;
    if (!poa_span_number(poa_span_of(index), 1000000, &wanted))
        return false;
    step(w);
    for (skip_blank(w); w->rest.len > 0 && next(w) != ']'; skip_blank(w)) {
        if (wanted-- == 0)
            return true;
        skip_value(w);
        skip_blank(w);
        if (next(w) == ',')
            step(w);
    }
    return false;
}

static bool enter(walk *w, const char *name)
{
    skip_blank(w);
    if (next(w) == '{')
        return enter_object(w, name);
    return next(w) == '[' && enter_array(w, name);
}

/* A part of a pointer with ~1 and ~0 undone (RFC 6901 section 4). */
static void unescape(poa_span part, poa_buf *b)
{
    poa_buf_text(b, "");
    while (part.len > 0) {
        const bool escaped = part.ptr[0] == '~' && part.len > 1;
        if (escaped)
            poa_buf_text(b, part.ptr[1] == '1' ? "/" : "~");
        else
            poa_buf_add(b, poa_span_head(part, 1));
        part = poa_span_skip(part, escaped ? 2 : 1);
    }
}

size_t cli_json_line(poa_span text, const char *pointer)
{
    walk w = {.rest = text, .line = 1};
    skip_blank(&w);
    size_t line = w.line;
    poa_fields parts = poa_fields_of(poa_span_of(pointer), '/');
    poa_span part;
    (void)poa_fields_next(&parts, &part); /* what stands before the first slash: nothing */
    while (poa_fields_next(&parts, &part)) {
        POA_CLEANUP(poa_buf_clear) poa_buf name = {0};
        unescape(part, &name);
        if (name.failed || !enter(&w, name.text))
            break;
        line = w.line;
    }
    return line;
}

bool cli_json_complaint(poa_span text, char complaint[CLI_COMPLAINT_BYTES], size_t *line)
{
    return poa_json_complaint(text, complaint, CLI_COMPLAINT_BYTES, line);
}
