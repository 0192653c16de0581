#include "api/device_json.h"

#include "bounds.h"
#include "poa/request.h"
#include "span.h"

#include <stdio.h>
#include <string.h>

static const size_t dashes[] = {8, 13, 18, 23};

static bool is_dash(size_t at)
{
    for (size_t i = 0; i < sizeof dashes / sizeof dashes[0]; i++)
        if (dashes[i] == at)
            return true;
    return false;
}

api_uuid_text api_uuid_print(const store_uuid *id)
{
    api_uuid_text text = {{0}};
    size_t at = 0;
    for (size_t i = 0; i < sizeof id->bytes; i++) {
        if (is_dash(at))
            text.chars[at++] = '-';
        (void)snprintf(text.chars + at, 3, "%02x", id->bytes[i]);
        at += 2;
    }
    return text;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool api_uuid_parse(poa_span text, store_uuid *out)
{
    if (text.len != API_UUID_CHARS)
        return false;
    store_uuid id = {{0}};
    size_t digits = 0;
    for (size_t i = 0; i < text.len; i++) {
        const int value = hex(text.ptr[i]);
        if (is_dash(i) ? text.ptr[i] != '-' : value < 0)
            return false;
        if (is_dash(i))
            continue;
        id.bytes[digits / 2] = (uint8_t)(id.bytes[digits / 2] << 4 | value);
        digits++;
    }
    *out = id;
    return true;
}

static void add_text(poa_buf *b, const char *name, poa_span text)
{
    if (text.len == 0)
        return;
    poa_buf_printf(b, ",\"%s\":", name);
    poa_buf_json_text(b, text);
}

static void add_name(poa_buf *b, const char *name, const char *value)
{
    add_text(b, name, poa_span_of(value));
}

static void add_id(poa_buf *b, const char *name, const poa_id *id)
{
    if (!store_id_is_none(id))
        poa_buf_printf(b, ",\"%s\":\"%s\"", name, poa_id_print(id).chars);
}

static bool store_uuid_is_zero(const store_uuid *id)
{
    static const store_uuid none;
    return memcmp(id, &none, sizeof none) == 0;
}

static void add_evidence(poa_buf *b, unsigned evidence)
{
    const char *comma = "";
    poa_buf_text(b, ",\"evidence\":[");
    for (size_t i = 0; poa_evidence_name(i); i++) {
        if (!(evidence & 1u << i))
            continue;
        poa_buf_printf(b, "%s\"%s\"", comma, poa_evidence_name(i));
        comma = ",";
    }
    poa_buf_text(b, "]");
}

static void add_certificate(poa_buf *b, const store_device *device)
{
    if (device->certificate_count == 0)
        return;
    poa_buf_text(b, ",\"certificate_serial\":\"");
    for (size_t i = 0; i < device->certificate_serial.len; i++)
        poa_buf_printf(b, "%02x", (unsigned char)device->certificate_serial.ptr[i]);
    poa_buf_printf(b, "\",\"not_after\":%lld", (long long)device->not_after_s);
}

static void add_time(poa_buf *b, const char *name, int64_t time_s)
{
    if (time_s > 0)
        poa_buf_printf(b, ",\"%s\":%lld", name, (long long)time_s);
}

static void add_uuid(poa_buf *b, const char *name, const store_uuid *id)
{
    if (!store_uuid_is_zero(id))
        poa_buf_printf(b, ",\"%s\":\"%s\"", name, api_uuid_print(id).chars);
}

/* ---- where each identifier comes from ---- */

static void add_identifier(poa_buf *b, const char *kind, poa_span value, const char *source)
{
    if (value.len == 0)
        return;
    poa_buf_printf(b, ",{\"kind\":\"%s\",\"value\":", kind);
    poa_buf_json_text(b, value);
    poa_buf_printf(b, ",\"source\":\"%s\"", source);
    if (strcmp(kind, "id_link") == 0 && value.len > POA_ID_LINK_BYTES_ADVISED)
        poa_buf_printf(b,
                       ",\"warning\":\"%zu characters: IEC 61406 advises at most %d, to be read from a small label\"",
                       value.len, POA_ID_LINK_BYTES_ADVISED);
    poa_buf_text(b, "}");
}

/* A serial is the certificate's where there is an IDevID: onboarding refuses any other. */
static const char *source_of_serial(const store_device *device)
{
    if (!store_id_is_none(&device->idevid))
        return "certificate";
    return device->ticket.len > 0 ? "ticket" : "typed";
}

static const char *source_of_link(const store_device *device)
{
    switch (device->link_evidence) {
    case STORE_LINK_IDEVID:
        return "certificate";
    case STORE_LINK_TICKET:
        return "ticket";
    case STORE_LINK_DEVICE_KEY:
        return "device_proof";
    case STORE_LINK_TYPED:
    case STORE_LINK_NONE:
        return "typed";
    }
    return "typed";
}

static void add_hash(poa_buf *b, const char *kind, const poa_id *id, const char *source)
{
    if (!store_id_is_none(id))
        add_identifier(b, kind, poa_span_of(poa_id_print(id).chars), source);
}

static void add_identifiers(poa_buf *b, const store_device *device)
{
    poa_buf_printf(b, ",\"identifiers\":[{\"kind\":\"uuid\",\"value\":\"%s\",\"source\":\"server\"}",
                   api_uuid_print(&device->id).chars);
    add_identifier(b, "serial", device->serial, source_of_serial(device));
    add_identifier(b, "id_link", device->id_link, source_of_link(device));
    add_hash(b, "key", &device->key, "csr");
    add_hash(b, "idevid", &device->idevid, "certificate");
    add_identifier(b, "product_instance_uri", device->product_instance_uri, "certificate");
    add_identifier(b, "spiffe_id", device->spiffe_id, "certificate");
    poa_buf_text(b, "]");
}

static void add_released(poa_buf *b, unsigned released)
{
    if (released == 0)
        return;
    poa_buf_text(b, ",\"released\":");
    api_identifiers_json(b, released);
}

void api_identifiers_json(poa_buf *b, unsigned identifiers)
{
    const char *comma = "";
    poa_buf_text(b, "[");
    for (unsigned i = 0; identifiers >> i != 0; i++) {
        if (!(identifiers & 1u << i))
            continue;
        poa_buf_printf(b, "%s\"%s\"", comma, store_identifier_name((store_identifier)i));
        comma = ",";
    }
    poa_buf_text(b, "]");
}

/* ---- its life, and its trust ---- */

/* What an expected device has not: it came in under nothing yet. */
static void add_powers(poa_buf *b, const store_device *device)
{
    if (store_id_is_none(&device->leaf))
        return;
    poa_buf_printf(b, ",\"poa_id\":\"%s\",\"power\":%u", poa_id_print(&device->leaf).chars, device->power);
    poa_buf_printf(b, ",\"effect\":\"%s\",\"on_revoke\":\"%s\",\"key\":\"%s\"", poa_effect_name(device->effect),
                   poa_on_revoke_name(device->on_revoke), poa_id_print(&device->key).chars);
}

static void add_life(poa_buf *b, const store_device *device)
{
    poa_buf_printf(b, ",\"created\":%lld,\"updated\":%lld", (long long)device->created_s, (long long)device->updated_s);
    add_text(b, "agent", device->actor);
    poa_buf_printf(b, ",\"cause\":\"%s\",\"changed\":%lld", store_device_cause_name(device->cause),
                   (long long)device->changed_s);
    add_text(b, "by", device->changed_by);
    add_time(b, "until", device->until_s);
    add_text(b, "approved_by", device->approved_by);
    add_time(b, "collected", device->collected_s);
    add_uuid(b, "replaces", &device->replaces);
    add_uuid(b, "replaced_by", &device->replaced_by);
    add_released(b, device->released);
}

static void add_trust(poa_buf *b, const store_device *device)
{
    add_time(b, "due", device->due_s);
    if (device->grace)
        poa_buf_text(b, ",\"grace\":true");
    if (device->trust_s == 0)
        return;
    poa_buf_printf(b, ",\"trust\":{\"time\":%lld,\"reason\":\"%s\",\"boot_counter\":%llu", (long long)device->trust_s,
                   store_trust_reason_name(device->trust_reason), (unsigned long long)device->boot_counter);
    add_id(b, "firmware", &device->firmware);
    poa_buf_text(b, "}");
}

void api_device_json(poa_buf *b, const store_device *device)
{
    poa_buf_printf(b, "{\"id\":\"%s\",\"state\":\"%s\"", api_uuid_print(&device->id).chars,
                   store_device_state_name(device->state));
    add_text(b, "location", device->location);
    add_text(b, "manufacturer", device->manufacturer);
    add_text(b, "model", device->model);
    add_text(b, "serial", device->serial);
    add_text(b, "id_link", device->id_link);
    add_name(b, "link_evidence", store_link_evidence_name(device->link_evidence));
    add_id(b, "idevid", &device->idevid);
    add_identifiers(b, device);
    add_evidence(b, device->evidence);
    add_powers(b, device);
    add_certificate(b, device);
    add_life(b, device);
    add_trust(b, device);
    poa_buf_text(b, "}");
}

/* What is not stated has no pointer, so that no selector matches it. */
static poa_span stated(poa_span text)
{
    return text.len > 0 ? text : (poa_span){0};
}

poa_identity api_device_identity(const store_device *device)
{
    return (poa_identity){.manufacturer = stated(device->manufacturer),
                          .model = stated(device->model),
                          .serial = stated(device->serial),
                          .id_link = stated(device->id_link),
                          .idevid_path = device->idevid_path,
                          .idevid_path_len = device->idevid_path_len};
}
