#include "reason.h"

#include "buf.h"
#include "cleanup.h"
#include "span.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void start(poa_reason *why, poa_err code, int hop)
{
    *why = (poa_reason){.code = code, .hop = hop};
}

/* A pointer that did not fit names its nearest container instead. */
static void cut_back(char member[POA_REASON_TEXT_BYTES], int len)
{
    if (len >= 0 && len < POA_REASON_TEXT_BYTES)
        return;
    char *slash = strrchr(member, '/');
    if (slash)
        *slash = '\0';
}

poa_err poa_deny(poa_reason *why, poa_err code, int hop, const char *member, ...)
{
    if (!why)
        return code;
    start(why, code, hop);
    va_list args;
    va_start(args, member);
    cut_back(why->member, vsnprintf(why->member, sizeof why->member, member, args));
    va_end(args);
    return code;
}

poa_err poa_deny_name(poa_reason *why, poa_err code, int hop, const char *container, const char *name)
{
    if (!why)
        return code;
    (void)poa_deny(why, code, hop, "%s", container);

    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_text(&b, container);
    poa_buf_text(&b, "/");
    for (const char *c = name; *c != '\0'; c++)
        poa_buf_printf(&b, *c == '~' ? "~0" : *c == '/' ? "~1" : "%c", *c);
    if (!b.failed && b.len < sizeof why->member)
        memcpy(why->member, b.text, b.len + 1);
    return code;
}

static void set_json(char slot[POA_REASON_TEXT_BYTES], const json_t *value)
{
    slot[0] = '\0';
    if (!value)
        return;
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_json(&b, value);
    if (!b.failed && b.len < POA_REASON_TEXT_BYTES)
        memcpy(slot, b.text, b.len + 1);
}

void poa_reason_values(poa_reason *why, const json_t *parent, const json_t *child, const json_t *request)
{
    if (!why)
        return;
    set_json(why->parent, parent);
    set_json(why->child, child);
    set_json(why->request, request);
}

void poa_reason_text(char slot[POA_REASON_TEXT_BYTES], poa_span text)
{
    json_t *value = json_stringn(text.ptr ? text.ptr : "", text.len);
    set_json(slot, value);
    json_decref(value);
}

poa_err poa_reason_wrap(poa_reason *why, poa_err outer, poa_err inner)
{
    if (poa_err_is_fault(inner))
        return inner;
    if (why) {
        why->code = outer;
        why->because = inner;
    }
    return outer;
}

/* A member of the object: text that is JSON already, or null where it is empty. */
static void add_raw(poa_buf *b, const char *name, const char *json)
{
    poa_buf_printf(b, ",\"%s\":%s", name, json[0] != '\0' ? json : "null");
}

char *poa_reason_json(const poa_reason *why)
{
    POA_CLEANUP(poa_buf_clear) poa_buf b = {0};
    poa_buf_printf(&b, "{\"decision\":\"%s\",\"code\":\"%s\"", why->code == POA_OK ? "permit" : "deny",
                   poa_err_name(why->code));
    if (why->hop == POA_HOP_NONE)
        poa_buf_text(&b, ",\"hop\":null");
    else
        poa_buf_printf(&b, ",\"hop\":%d", why->hop);
    poa_buf_text(&b, ",\"member\":");
    if (why->member[0] != '\0')
        poa_buf_json_text(&b, poa_span_of(why->member));
    else
        poa_buf_text(&b, "null");
    add_raw(&b, "parent", why->parent);
    add_raw(&b, "child", why->child);
    add_raw(&b, "request", why->request);
    if (why->because == POA_OK)
        poa_buf_text(&b, ",\"because\":null}");
    else
        poa_buf_printf(&b, ",\"because\":\"%s\"}", poa_err_name(why->because));
    return poa_buf_take(&b);
}
