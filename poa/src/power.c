#include "power.h"

#include "guard.h"
#include "json.h"
#include "power_kind.h"
#include "span.h"

#include <stdio.h>

/* Where a power stands, for reasons. */
typedef struct place {
    int hop;
    const char *container;
    size_t index;
    poa_reason *why;
} place;

static poa_err deny(const place *at, poa_err code, const char *member, const json_t *value)
{
    char power[POA_REASON_TEXT_BYTES];
    (void)snprintf(power, sizeof power, "%s/%zu", at->container, at->index);
    (void)poa_deny_name(at->why, code, at->hop, power, member);
    poa_reason_values(at->why, NULL, value, NULL);
    return code;
}

static poa_err read_row(const poa_constraint *row, const json_t *value, poa_value *out, const place *at)
{
    out->json = value;
    out->number = row->fallback_number;
    if (POA_GUARD(power_member_missing, !value && row->required))
        return deny(at, POA_E_POWER_INVALID, row->name, NULL);
    if (!value)
        return POA_OK;
    const poa_err err = row->read(value, out);
    return err == POA_E_POWER_INVALID ? deny(at, err, row->name, value) : err;
}

static bool defines(const poa_power_kind *kind, poa_span member)
{
    for (size_t i = 0; i < kind->count; i++)
        if (poa_span_is(member, kind->rows[i]->name))
            return true;
    return poa_span_is(member, "type");
}

/* A member that nobody understands may be a restriction: refused, never ignored (section 5). */
static poa_err check_unknown(const poa_power *power, const place *at)
{
    const char *name = NULL;
    json_t *value = NULL;
    json_object_foreach(power->json, name, value)
    {
        if (POA_GUARD(power_member_unknown, !defines(power->kind, poa_span_of(name))))
            return deny(at, POA_E_POWER_INVALID, name, value);
    }
    return POA_OK;
}

static poa_err read_rows(poa_power *power, const place *at)
{
    const poa_power_kind *kind = power->kind;
    for (size_t i = 0; i < kind->count; i++) {
        const json_t *value = json_object_get(power->json, kind->rows[i]->name);
        const poa_err err = read_row(kind->rows[i], value, &power->values[i], at);
        if (err)
            return err;
    }
    return check_unknown(power, at);
}

poa_err poa_power_read(const json_t *json, int hop, const char *container, size_t index, poa_power **out,
                       poa_reason *why)
{
    const place at = {hop, container, index, why};
    if (POA_GUARD(power_no_object, !json_is_object(json)))
        return poa_deny(why, POA_E_POWER_INVALID, hop, "%s/%zu", container, index);

    const json_t *type = json_object_get(json, "type");
    if (POA_GUARD(power_type_form, !json_is_string(type)))
        return deny(&at, POA_E_POWER_INVALID, "type", type);
    const poa_power_kind *kind = poa_power_kind_find(poa_json_span(type));
    if (!kind) /* plain: without a kind there is nothing to read a power by */
        return deny(&at, POA_E_POWER_UNKNOWN, "type", type);

    POA_CLEANUP(poa_power_freep) poa_power *power = calloc(1, sizeof *power);
    if (!power)
        return POA_F_NOMEM;
    power->kind = kind;
    power->json = json_incref((json_t *)(uintptr_t)json);
    const poa_err err = read_rows(power, &at);
    if (err)
        return err;

    *out = POA_TAKE(power);
    return POA_OK;
}

void poa_power_free(poa_power *power)
{
    if (!power)
        return;
    for (size_t i = 0; i < POA_POWER_MEMBERS_MAX; i++)
        free(power->values[i].items);
    json_decref(power->json);
    free(power);
}

const poa_value *poa_power_value(const poa_power *power, const poa_constraint *constraint)
{
    for (size_t i = 0; i < power->kind->count; i++)
        if (power->kind->rows[i] == constraint)
            return &power->values[i];
    return NULL;
}

const char *poa_power_type(const poa_power *power)
{
    return power->kind->name;
}

bool poa_power_has_action(const poa_power *power, poa_span action)
{
    /* The first row of every kind is its actions. */
    const poa_request request = {.action = action};
    return power->kind->rows[0]->match(&power->values[0], &request);
}

/* The number that a power states; false when it states none, or its type has no such member. */
static bool stated(const poa_power *power, const poa_constraint *constraint, int64_t *number)
{
    const poa_value *value = poa_power_value(power, constraint);
    if (!value || !value->json)
        return false;
    *number = value->number;
    return true;
}

/* The number that a power states, or its default. */
static int64_t effective(const poa_power *power, const poa_constraint *constraint)
{
    const poa_value *value = poa_power_value(power, constraint);
    return value ? value->number : constraint->fallback_number;
}

bool poa_power_max_devices(const poa_power *power, int64_t *count)
{
    return stated(power, &poa_constraint_max_devices, count);
}

bool poa_power_credential_lifetime(const poa_power *power, int64_t *seconds)
{
    if (!stated(power, &poa_constraint_credential_lifetime, seconds))
        return false;
    /* Longer than any time that we can name; adding it to one must not overflow. */
    if (*seconds > POA_TIME_MAX)
        *seconds = POA_TIME_MAX;
    return true;
}

unsigned poa_power_evidence(const poa_power *power)
{
    return (unsigned)effective(power, &poa_constraint_evidence);
}

enum poa_effect poa_power_effect(const poa_power *power)
{
    return (enum poa_effect)effective(power, &poa_constraint_effect);
}

enum poa_on_revoke poa_power_on_revoke(const poa_power *power)
{
    return (enum poa_on_revoke)effective(power, &poa_constraint_on_revoke);
}

size_t poa_power_locations(const poa_power *power, const poa_span **first)
{
    const poa_value *value = poa_power_value(power, &poa_constraint_locations);
    *first = value ? value->items : NULL;
    return value ? value->count : 0;
}
