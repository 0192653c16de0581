#include "device_text.h"

#include "cleanup.h"
#include "json.h"
#include "output.h"
#include "span.h"
#include "times.h"

#include <stdlib.h>
#include <string.h>

enum { COLUMNS = 6, NAME_WIDTH = 20 };

static const char *const heads[COLUMNS] = {"ID", "STATE", "LOCATION", "DEVICE", "EVIDENCE", "DUE"};

static enum cli_style style_of(poa_span state)
{
    if (poa_span_is(state, "active"))
        return CLI_GOOD;
    if (poa_span_is(state, "suspended") || poa_span_is(state, "decommissioned") || poa_span_is(state, "replaced"))
        return CLI_BAD;
    return CLI_DOUBT;
}

/* A time as people read it, or as it came. */
static void add_time(poa_buf *b, const json_t *value)
{
    char text[CLI_TIME_TEXT];
    if (!json_is_integer(value) || json_integer_value(value) < 0)
        return;
    cli_moment_show((int64_t)json_integer_value(value), text);
    poa_buf_text(b, text);
}

/* A text, or the texts of an array with commas between them. */
static void add_value(poa_buf *b, const json_t *value)
{
    if (json_is_string(value)) {
        cli_escape(b, poa_json_span(value));
        return;
    }
    if (!json_is_array(value)) {
        if (value)
            cli_escape_json(b, value);
        return;
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        poa_buf_text(b, i > 0 ? "," : "");
        add_value(b, json_array_get(value, i));
    }
}

/* What people call it: maker, model and serial; else its link. */
static void add_name(poa_buf *b, const json_t *device)
{
    static const char *const members[] = {"manufacturer", "model", "serial"};
    const size_t start = b->len;
    for (size_t i = 0; i < POA_COUNT(members); i++) {
        const json_t *value = json_object_get(device, members[i]);
        if (!json_is_string(value))
            continue;
        poa_buf_text(b, b->len > start ? " " : "");
        add_value(b, value);
    }
    if (b->len == start)
        add_value(b, json_object_get(device, "id_link"));
}

static void add_cell(poa_buf *b, const json_t *device, size_t column)
{
    static const char *const members[COLUMNS] = {"id", "state", "location", NULL, "evidence", NULL};
    if (members[column])
        add_value(b, json_object_get(device, members[column]));
    else if (column == 3)
        add_name(b, device);
    else
        add_time(b, json_object_get(device, "due"));
}

/* How many characters a terminal shows of UTF-8 text that cli_escape() wrote. */
static size_t width_of(poa_span text)
{
    size_t width = 0;
    for (size_t i = 0; i < text.len; i++)
        width += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return width;
}

static void measure(const json_t *devices, size_t widths[COLUMNS])
{
    for (size_t column = 0; column < COLUMNS; column++) {
        widths[column] = strlen(heads[column]);
        for (size_t i = 0; i < json_array_size(devices); i++) {
            POA_CLEANUP(poa_buf_clear) poa_buf cell = {0};
            add_cell(&cell, json_array_get(devices, i), column);
            const size_t width = width_of(poa_buf_span(&cell));
            if (width > widths[column])
                widths[column] = width;
        }
    }
}

static void add_padding(poa_buf *b, size_t width, size_t column, const size_t widths[COLUMNS])
{
    if (column + 1 < COLUMNS)
        poa_buf_printf(b, "%*s", (int)(widths[column] - width + 2), "");
    else
        poa_buf_text(b, "\n");
}

void cli_devices_table(poa_buf *b, const json_t *devices)
{
    size_t widths[COLUMNS];
    measure(devices, widths);
    poa_buf_text(b, cli_paint(stdout, CLI_BOLD));
    for (size_t column = 0; column < COLUMNS; column++) {
        poa_buf_text(b, heads[column]);
        add_padding(b, strlen(heads[column]), column, widths);
    }
    poa_buf_text(b, cli_paint(stdout, CLI_PLAIN));
    for (size_t i = 0; i < json_array_size(devices); i++) {
        const json_t *device = json_array_get(devices, i);
        for (size_t column = 0; column < COLUMNS; column++) {
            POA_CLEANUP(poa_buf_clear) poa_buf cell = {0};
            add_cell(&cell, device, column);
            const bool state = column == 1;
            poa_buf_text(b, cli_paint(stdout, state ? style_of(poa_buf_span(&cell)) : CLI_PLAIN));
            poa_buf_add(b, poa_buf_span(&cell));
            poa_buf_text(b, cli_paint(stdout, CLI_PLAIN));
            add_padding(b, width_of(poa_buf_span(&cell)), column, widths);
        }
    }
}

static bool is_time(const char *name)
{
    static const char *const times[] = {"created", "updated", "not_after", "due",  "changed",
                                        "until",   "time",    "collected", "since"};
    for (size_t i = 0; i < POA_COUNT(times); i++)
        if (strcmp(times[i], name) == 0)
            return true;
    return false;
}

static void add_members(poa_buf *b, const json_t *object, int indent);

static void add_member(poa_buf *b, const char *name, const json_t *value, int indent)
{
    const bool inner = json_is_object(value) || (json_is_array(value) && json_is_object(json_array_get(value, 0)));
    const int width = NAME_WIDTH - indent;
    poa_buf_printf(b, "%*s", indent, "");
    cli_escape(b, poa_span_of(name));
    const int room = width - (int)strlen(name);
    poa_buf_printf(b, "%*s", inner ? 0 : (room > 1 ? room : 1), "");
    if (json_is_object(value)) {
        poa_buf_text(b, "\n");
        add_members(b, value, indent + 2);
        return;
    }
    if (inner) {
        poa_buf_text(b, "\n");
        for (size_t i = 0; i < json_array_size(value); i++)
            add_members(b, json_array_get(value, i), indent + 2);
        return;
    }
    if (is_time(name) && json_is_integer(value))
        add_time(b, value);
    else
        add_value(b, value);
    poa_buf_text(b, "\n");
}

static void add_members(poa_buf *b, const json_t *object, int indent)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach((json_t *)(uintptr_t)object, name, value) add_member(b, name, value, indent);
}

void cli_device_lines(poa_buf *b, const json_t *device)
{
    add_members(b, device, 0);
}
