#include "json.h"

#include "bounds.h"
#include "cleanup.h"
#include "json_feed.h"
#include "json_hook.h"
#include "span.h"

#include <stdio.h>
#include <string.h>

/* Levels are those of objects and arrays. jansson refuses trees deeper than 2,048 itself, so this recursion ends. */
static bool deeper_than(const json_t *value, int levels)
{
    if (!json_is_object(value) && !json_is_array(value))
        return false;
    if (levels < 1)
        return true;
    size_t i = 0;
    const json_t *item = NULL;
    json_array_foreach(value, i, item) if (deeper_than(item, levels - 1)) return true;
    const char *name = NULL;
    json_object_foreach((json_t *)(uintptr_t)value, name, item) if (deeper_than(item, levels - 1)) return true;
    return false;
}

static bool is_number_char(char c)
{
    return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.' || c == 'e' || c == 'E';
}

/* The grammar of RFC 8259 section 6. */
static bool is_number(poa_span n)
{
    size_t i = 0;
    if (i < n.len && n.ptr[i] == '-')
        i++;
    const size_t whole = i;
    while (i < n.len && n.ptr[i] >= '0' && n.ptr[i] <= '9')
        i++;
    if (i == whole || (n.ptr[whole] == '0' && i > whole + 1))
        return false;
    if (i < n.len && n.ptr[i] == '.') {
        const size_t fraction = ++i;
        while (i < n.len && n.ptr[i] >= '0' && n.ptr[i] <= '9')
            i++;
        if (i == fraction)
            return false;
    }
    if (i < n.len && (n.ptr[i] == 'e' || n.ptr[i] == 'E')) {
        i++;
        if (i < n.len && (n.ptr[i] == '+' || n.ptr[i] == '-'))
            i++;
        const size_t exponent = i;
        while (i < n.len && n.ptr[i] >= '0' && n.ptr[i] <= '9')
            i++;
        if (i == exponent)
            return false;
    }
    return i == n.len;
}

/* A whole number of 64 bits, which jansson holds and a typed reader may take. */
static bool is_small_integer(poa_span n)
{
    const bool negative = n.len > 0 && n.ptr[0] == '-';
    uint64_t value = 0;
    return poa_span_number(negative ? poa_span_skip(n, 1) : n, (uint64_t)INT64_MAX + negative, &value);
}

/*
 * Overwrite each longer number of a copy with a small real number, unless it is a whole number that fits. Only where
 * the text has the form of a number: what is malformed stays so. It runs after jansson met a number that it cannot
 * hold.
 */
static void tame_numbers(char *text, size_t len)
{
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        if (in_string) {
            if (text[i] == '\\')
                i++;
            else if (text[i] == '"')
                in_string = false;
            continue;
        }
        if (text[i] == '"') {
            in_string = true;
            continue;
        }
        if (!is_number_char(text[i]))
            continue;
        size_t end = i;
        while (end < len && is_number_char(text[end]))
            end++;
        const size_t run = end - i;
        const poa_span number = {text + i, run};
        if (run > 4 && is_number(number) && !is_small_integer(number)) {
            memset(text + i, ' ', run);
            memcpy(text + i, "0.5", 3);
        }
        i = end - 1;
    }
}

static poa_err code_of(const json_error_t *error)
{
    switch (json_error_code(error)) {
    case json_error_duplicate_key:
        return POA_E_DUPLICATE_MEMBER;
    case json_error_stack_overflow:
        return POA_E_LIMIT_EXCEEDED;
    case json_error_out_of_memory:
        return POA_F_NOMEM;
    case json_error_unknown:
    case json_error_cannot_open_file:
    case json_error_invalid_argument:
    case json_error_invalid_utf8:
    case json_error_premature_end_of_input:
    case json_error_end_of_input_expected:
    case json_error_invalid_syntax:
    case json_error_invalid_format:
    case json_error_wrong_type:
    case json_error_null_character:
    case json_error_null_value:
    case json_error_null_byte_in_key:
    case json_error_numeric_overflow:
    case json_error_item_not_found:
    case json_error_index_out_of_range:
        return POA_E_MALFORMED;
    }
    return POA_E_MALFORMED;
}

/* One call of jansson; a failed allocation inside it is a fault, whatever it reports. */
static poa_err load(poa_span text, json_t **out, bool *overflow)
{
    json_error_t error = {0};
    poa_json_hook_arm();
    json_t *value = poa_json_feed(text, &error);
    if (poa_json_hook_failed()) {
        json_decref(value);
        return POA_F_NOMEM;
    }
    if (!value) {
        *overflow = json_error_code(&error) == json_error_numeric_overflow;
        return code_of(&error);
    }
    *out = value;
    return POA_OK;
}

static poa_err load_tamed(poa_span text, json_t **out)
{
    POA_CLEANUP(poa_freep) char *copy = poa_span_dup(text);
    if (!copy)
        return POA_F_NOMEM;
    tame_numbers(copy, text.len);
    bool overflow = false;
    return load((poa_span){copy, text.len}, out, &overflow);
}

poa_err poa_json_parse(poa_span text, json_t **out)
{
    if (text.len > POA_JSON_BYTES_MAX)
        return POA_E_TOO_LARGE;
    if (text.len == 0)
        return POA_E_MALFORMED;

    POA_CLEANUP(poa_json_decrefp) json_t *value = NULL;
    bool overflow = false;
    poa_err err = load(text, &value, &overflow);
    if (overflow)
        err = load_tamed(text, &value);
    if (err)
        return err;
    if (!json_is_object(value))
        return POA_E_MALFORMED;
    if (deeper_than(value, POA_JSON_DEPTH_MAX))
        return POA_E_LIMIT_EXCEEDED;

    *out = POA_TAKE(value);
    return POA_OK;
}

poa_err poa_json_parse_strict(poa_span text, json_t **out)
{
    if (text.len < 2 || text.ptr[0] != '{' || text.ptr[text.len - 1] != '}')
        return POA_E_MALFORMED;
    return poa_json_parse(text, out);
}

bool poa_json_complaint(poa_span text, char *complaint, size_t cap, size_t *line)
{
    POA_CLEANUP(poa_json_decrefp) json_t *value = NULL;
    const poa_err err = poa_json_parse(text, &value);
    if (err != POA_E_MALFORMED && err != POA_E_DUPLICATE_MEMBER)
        return false;
    /* Not to read it: it was refused, and only jansson can tell where. */
    json_error_t error = {0};
    json_decref(json_loadb(text.ptr ? text.ptr : "", text.len, JSON_REJECT_DUPLICATES, &error));
    *line = error.line > 0 ? (size_t)error.line : 1;
    (void)snprintf(complaint, cap, "%s", error.text[0] != '\0' ? error.text : "not one JSON object");
    return true;
}

poa_span poa_json_span(const json_t *value)
{
    if (!json_is_string(value))
        return (poa_span){0};
    return (poa_span){json_string_value(value), json_string_length(value)};
}

bool poa_json_int(const json_t *value, int64_t min, int64_t max, int64_t *out)
{
    if (!json_is_integer(value))
        return false;
    const json_int_t number = json_integer_value(value);
    if (number < min || number > max)
        return false;
    *out = number;
    return true;
}
