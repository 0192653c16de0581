#ifndef POA_TEST_POWERS_H
#define POA_TEST_POWERS_H

/*
 * Powers for tests. JSON is written with ' for ", because a C string full of backslashes is hard to read.
 */

#include "test.h"

#include "cleanup.h"
#include "json.h"
#include "power.h"
#include "span.h"

#include <string.h>

#define CONTAINER "/authorization_details"

/* Any JSON value from such a text; the caller owns it. */
static inline json_t *json_of(const char *text)
{
    char *copy = strdup(text);
    assert_non_null(copy);
    for (char *c = copy; *c != '\0'; c++)
        if (*c == '\'')
            *c = '"';
    json_error_t error;
    json_t *value = json_loads(copy, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &error);
    if (!value)
        fail_msg("%s: %s", copy, error.text);
    free(copy);
    return value;
}

/* A valid power of this type with nothing optional in it; the caller owns it. */
static inline json_t *plain_power(const char *type)
{
    if (strcmp(type, "device_onboarding") == 0)
        return json_of("{'type':'device_onboarding','actions':['onboard'],'locations':['mine-7'],"
                       "'devices':[{'any':true}]}");
    if (strcmp(type, "access") == 0)
        return json_of("{'type':'access','actions':['read'],'resources':['https://data.example']}");
    return json_of("{'type':'administration','actions':['revoke'],'locations':['mine-7']}");
}

/* The same with one member said otherwise, or left out where text is NULL and it is optional; in an array. */
static inline json_t *powers_with(const char *type, const char *member, const char *text)
{
    json_t *power = plain_power(type);
    if (text)
        assert_int_equal(json_object_set_new(power, member, json_of(text)), 0);
    json_t *array = json_array();
    assert_int_equal(json_array_append_new(array, power), 0);
    return array;
}

/* Powers that must be valid; ends json. */
static inline poa_powers *powers_take(json_t *json, const char *name)
{
    poa_powers *powers = NULL;
    poa_reason why = {0};
    const poa_err err = poa_powers_read(json, 0, CONTAINER, &powers, &why);
    json_decref(json);
    if (err)
        fail_msg("%s: %s at %s", name, poa_err_name(err), why.member);
    return powers;
}

static inline poa_powers *powers_of(const char *text)
{
    return powers_take(json_of(text), text);
}

static inline void expect(const char *name, poa_err err, const poa_reason *why, poa_err want, const char *member)
{
    if (err != want)
        fail_msg("%s: %s at %s", name, poa_err_name(err), why->member);
    if (want == POA_OK)
        return;
    assert_int_equal(why->code, want);
    if (strcmp(why->member, member) != 0)
        fail_msg("%s: %s at %s, not %s", name, poa_err_name(err), why->member, member);
}

/* Is this value of a member, by itself, right? */
typedef struct reading {
    const char *value;
    bool ok;
} reading;

static inline void check_reading(const char *type, const char *member, const reading *cases, size_t count)
{
    char pointer[128];
    (void)snprintf(pointer, sizeof pointer, CONTAINER "/0/%s", member);
    for (size_t i = 0; i < count; i++) {
        json_t *json = powers_with(type, member, cases[i].value);
        POA_CLEANUP(poa_powers_freep) poa_powers *powers = NULL;
        poa_reason why = {0};
        const poa_err err = poa_powers_read(json, 3, CONTAINER, &powers, &why);
        json_decref(json);
        expect(cases[i].value, err, &why, cases[i].ok ? POA_OK : POA_E_POWER_INVALID, pointer);
        if (err)
            assert_int_equal(why.hop, 3);
    }
}

/* Is this value of a member inside that one, NULL being absent? */
typedef struct narrowing {
    const char *parent;
    const char *child;
    poa_err want;
} narrowing;

static inline void check_narrowing(const char *type, const char *member, const narrowing *cases, size_t count)
{
    char pointer[128];
    (void)snprintf(pointer, sizeof pointer, CONTAINER "/0/%s", member);
    for (size_t i = 0; i < count; i++) {
        char name[512];
        (void)snprintf(name, sizeof name, "%s in %s", cases[i].child ? cases[i].child : "nothing",
                       cases[i].parent ? cases[i].parent : "nothing");
        POA_CLEANUP(poa_powers_freep)
        poa_powers *parent = powers_take(powers_with(type, member, cases[i].parent), name);
        POA_CLEANUP(poa_powers_freep)
        poa_powers *child = powers_take(powers_with(type, member, cases[i].child), name);
        poa_reason why = {0};
        expect(name, poa_powers_inside(child, parent, 2, &why), &why, cases[i].want, pointer);
        assert_int_equal(poa_powers_inside(child, parent, 2, NULL), cases[i].want);
        if (cases[i].want)
            assert_int_equal(why.hop, 2);
    }
}

/* Does this value of a member hold the request? */
static inline void check_match(const char *type, const char *member, const char *value, const poa_request *request,
                               poa_err want)
{
    POA_CLEANUP(poa_powers_freep) poa_powers *powers = powers_take(powers_with(type, member, value), value);
    poa_reason why = {0};
    size_t applied = 77;
    char pointer[128];
    (void)snprintf(pointer, sizeof pointer, CONTAINER "/0/%s", member);
    expect(value, poa_powers_match(powers, 4, request, NULL, NULL, &applied, &why), &why, want, pointer);
    assert_int_equal(applied, want == POA_OK ? 0 : 77);
    if (want)
        assert_int_equal(why.hop, 4);
}

#endif
