#include "config_read.h"

#include "cleanup.h"
#include "crypto.h"
#include "guard.h"
#include "json.h"
#include "nearest.h"
#include "span.h"
#include "url.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- what a configuration keeps ---- */

struct config_text {
    config_text *next;
    char text[];
};

static const char *keep_parts(config_reader *r, poa_span head, poa_span tail)
{
    config_text *kept = calloc(1, sizeof *kept + head.len + tail.len + 1);
    if (!kept) {
        config_complain(r, "", "memory ran out", NULL);
        return NULL;
    }
    if (head.len > 0)
        memcpy(kept->text, head.ptr, head.len);
    if (tail.len > 0)
        memcpy(kept->text + head.len, tail.ptr, tail.len);
    kept->next = r->config->texts;
    r->config->texts = kept;
    return kept->text;
}

const char *config_keep(config_reader *r, poa_span text)
{
    return keep_parts(r, (poa_span){0}, text);
}

const char *config_keep_path(config_reader *r, poa_span path)
{
    return keep_parts(r, poa_span_starts(path, POA_SPAN("/")) ? (poa_span){0} : r->folder, path);
}

const char *config_keep_url(config_reader *r, poa_span url)
{
    poa_url normal;
    if (poa_span_find(url, '?') != SIZE_MAX || poa_span_find(url, '#') != SIZE_MAX || !poa_url_normalise(url, &normal))
        return NULL;
    while (normal.len > 0 && normal.text[normal.len - 1] == '/')
        normal.len--;
    return config_keep(r, (poa_span){normal.text, normal.len});
}

config_pointer config_at(const char *format, ...)
{
    config_pointer pointer;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(pointer.text, sizeof pointer.text, format, args);
    va_end(args);
    return pointer;
}

void server_config_free(server_config *config)
{
    if (!config)
        return;
    for (size_t i = 0; i < config->points_len; i++)
        poa_key_free(config->points[i].key);
    while (config->texts) {
        config_text *next = config->texts->next;
        free(config->texts);
        config->texts = next;
    }
    free(config);
}

/* ---- telling errors ---- */

static void begin_line(config_reader *r, const char *where)
{
    r->errors++;
    poa_buf_add(r->report, r->file);
    poa_buf_printf(r->report, "%s%s: ", where[0] != '\0' ? " " : "", where);
}

static void end_line(config_reader *r, const char *hint)
{
    poa_buf_text(r->report, "\n");
    if (hint)
        poa_buf_printf(r->report, "  hint: %s\n", hint);
}

void config_complain(config_reader *r, const char *where, const char *what, const char *hint)
{
    begin_line(r, where);
    poa_buf_text(r->report, what);
    end_line(r, hint);
}

/* Short and in ASCII, so that it may stand on a terminal. */
static void add_found(poa_buf *b, const json_t *found)
{
    POA_CLEANUP(poa_freep) char *text = json_dumps(found, JSON_COMPACT | JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    const poa_span whole = poa_span_of(text);
    poa_buf_add(b, poa_span_head(whole, 80));
    if (whole.len > 80)
        poa_buf_text(b, "...");
}

void config_refuse(config_reader *r, const char *where, const char *expected, const json_t *found, const char *hint)
{
    begin_line(r, where);
    poa_buf_printf(r->report, "expected %s, found ", expected);
    if (found)
        add_found(r->report, found);
    else
        poa_buf_text(r->report, "nothing");
    end_line(r, hint);
}

static bool is_among(const char *const *names, const char *name)
{
    for (; *names; names++)
        if (strcmp(*names, name) == 0)
            return true;
    return false;
}

static void refuse_name(config_reader *r, const char *where, const char *const *names, const char *name)
{
    poa_nearest nearest = {.word = poa_span_of(name)};
    for (; *names; names++)
        poa_nearest_offer(&nearest, *names);
    POA_CLEANUP(poa_json_decrefp) json_t *text = json_string(name);
    begin_line(r, where);
    poa_buf_text(r->report, "there is no member ");
    add_found(r->report, text);
    end_line(r, NULL);
    if (nearest.best)
        poa_buf_printf(r->report, "  hint: did you mean \"%s\"?\n", nearest.best);
}

bool config_only(config_reader *r, const json_t *body, const char *where, const char *const *names)
{
    if (!json_is_object(body)) {
        config_refuse(r, where, "an object", body, NULL);
        return false;
    }
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)body, name, value)
    {
        if (POA_GUARD(config_member_unknown, !is_among(names, name)))
            refuse_name(r, where, names, name);
    }
    return true;
}
