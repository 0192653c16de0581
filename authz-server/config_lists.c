#include "config_read.h"

#include "address.h"
#include "crypto.h"
#include "guard.h"
#include "json.h"
#include "span.h"

#include <string.h>

/* Of the name of an enforcement point: it stands in logs and in the audit. */
#define POINT_NAME_BYTES_MAX 64

/* An array of min to max entries; NULL when absent or refused, which is told. */
static const json_t *list_of(config_reader *r, const json_t *body, const char *where, size_t min, size_t max)
{
    const json_t *list = json_object_get(body, strrchr(where, '/') + 1);
    const size_t count = json_array_size(list);
    if (!list && min == 0)
        return NULL;
    if (json_is_array(list) && count >= min && count <= max)
        return list;
    const config_pointer expected = config_at("an array of %zu to %zu entries", min, max);
    config_refuse(r, where, expected.text, json_is_array(list) ? NULL : list, NULL);
    return NULL;
}

/* ---- listeners ---- */

static const char *read_file_name(config_reader *r, const json_t *body, const char *name, const char *where)
{
    const json_t *value = json_object_get(body, name);
    if (!value)
        return NULL;
    const poa_span path = poa_json_span(value);
    if (poa_span_is_text(path, POA_URL_BYTES_MAX))
        return config_keep_path(r, path);
    config_refuse(r, config_at("%s/%s", where, name).text, "the name of a file", value, NULL);
    return NULL;
}

static void check_listener(config_reader *r, const config_listener *listener, const char *where)
{
    if (POA_GUARD(config_listener_half, !listener->certificate != !listener->key))
        config_complain(r, where, "certificate and key go together", "give both for TLS, none for clear text");
    for (const config_listener *other = r->config->listeners; other < listener; other++)
        if (POA_GUARD(config_listener_twice, listener->address.port != 0 &&
                                                 !memcmp(&other->address, &listener->address, sizeof other->address)))
            config_complain(r, where, "another listener has this address", NULL);
}

static void read_listener(config_reader *r, const json_t *body, const char *where)
{
    static const char *const names[] = {"address", "certificate", "key", NULL};
    if (!config_only(r, body, where, names))
        return;
    config_listener listener = {0};
    const json_t *address = json_object_get(body, "address");
    if (!http_address_parse(poa_json_span(address), &listener.address))
        config_refuse(r, config_at("%s/address", where).text, "an IP address and a port", address,
                      "127.0.0.1:8080 or [::1]:8443");
    listener.certificate = read_file_name(r, body, "certificate", where);
    listener.key = read_file_name(r, body, "key", where);
    config_listener *place = &r->config->listeners[r->config->listeners_len++];
    *place = listener;
    check_listener(r, place, where);
}

void config_read_listeners(config_reader *r, const json_t *body)
{
    const json_t *list = list_of(r, body, "/listeners", 1, HTTP_LISTENERS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++)
        read_listener(r, json_array_get(list, i), config_at("/listeners/%zu", i).text);
}

/* ---- trusted proxies ---- */

static bool has_host_bits(const config_block *block)
{
    for (unsigned bit = block->prefix; bit < POA_ADDRESS_BITS(block->address.family); bit++)
        if (block->address.bytes[bit / 8] & 0x80u >> bit % 8)
            return true;
    return false;
}

/* An address, or a block of them. Mapped blocks are refused: callers are unmapped before they are looked up. */
static bool read_block(poa_span text, config_block *out)
{
    const size_t slash = poa_span_find(text, '/');
    if (!poa_address_parse_raw(poa_span_head(text, slash), &out->address) || poa_address_is_mapped(&out->address))
        return false;
    uint64_t bits = POA_ADDRESS_BITS(out->address.family);
    if (slash != SIZE_MAX && !poa_span_number(poa_span_skip(text, slash + 1), bits, &bits))
        return false;
    out->prefix = (unsigned)bits;
    return !POA_GUARD(config_proxy_host_bits, has_host_bits(out));
}

void config_read_proxies(config_reader *r, const json_t *body)
{
    const json_t *list = list_of(r, body, "/trusted_proxies", 0, CONFIG_PROXIES_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        config_block block = {0};
        if (read_block(poa_json_span(entry), &block))
            r->config->proxies[r->config->proxies_len++] = block;
        else
            config_refuse(r, config_at("/trusted_proxies/%zu", i).text, "an IP address or a block without host bits",
                          entry, "127.0.0.1 or 10.1.0.0/16");
    }
}

/* ---- base URLs ---- */

static void read_urls(config_reader *r, const json_t *list, const char *where, const char **urls, size_t *count)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i);
        const char *url = config_keep_url(r, poa_json_span(entry));
        if (url)
            urls[(*count)++] = url;
        else
            config_refuse(r, config_at("%s/%zu", where, i).text,
                          "an http or https URL without user, query and fragment", entry, NULL);
    }
}

void config_read_forward_urls(config_reader *r, const json_t *body)
{
    const json_t *list = list_of(r, body, "/forward_urls", 0, CONFIG_FORWARD_URLS_MAX);
    read_urls(r, list, "/forward_urls", r->config->forward_urls, &r->config->forward_urls_len);
}

/* ---- enforcement points ---- */

static void read_point_name(config_reader *r, const json_t *body, const char *where, config_point *point)
{
    const json_t *value = json_object_get(body, "name");
    const poa_span name = poa_json_span(value);
    const config_pointer at = config_at("%s/name", where);
    if (!poa_span_is_text(name, POINT_NAME_BYTES_MAX)) {
        config_refuse(r, at.text, "a name of 1 to 64 bytes", value, NULL);
        return;
    }
    point->name = config_keep(r, name);
    for (size_t i = 0; i < r->config->points_len; i++) {
        const char *other = r->config->points[i].name;
        if (POA_GUARD(config_point_name_twice, other && poa_span_is(name, other)))
            config_complain(r, at.text, "another enforcement point has this name", NULL);
    }
}

static void read_point_key(config_reader *r, const json_t *body, const char *where, config_point *point)
{
    const json_t *jwk = json_object_get(body, "key");
    const config_pointer at = config_at("%s/key", where);
    const poa_err err = json_is_object(jwk) ? poa_key_from_json(r->ctx, jwk, &point->key) : POA_E_KEY_INVALID;
    if (err) {
        /* What is there is not shown: it may be a private key. */
        config_complain(r, at.text,
                        err == POA_E_PRIVATE_KEY_IN_TOKEN ? "this is a private key; it is nobody else's to hold"
                                                          : "expected the public key of the enforcement point as JWK",
                        "`poa key public FILE' prints it");
        return;
    }
    for (size_t i = 0; i < r->config->points_len; i++) {
        const poa_key *other = r->config->points[i].key;
        const bool same = other && poa_id_equal(poa_key_thumbprint(other), poa_key_thumbprint(point->key));
        if (POA_GUARD(config_point_key_twice, same))
            config_complain(r, at.text, "another enforcement point has this key", NULL);
    }
}

static void read_point(config_reader *r, const json_t *body, const char *where)
{
    static const char *const names[] = {"name", "key", "urls", NULL};
    if (!config_only(r, body, where, names))
        return;
    config_point *point = &r->config->points[r->config->points_len];
    read_point_name(r, body, where, point);
    read_point_key(r, body, where, point);
    const config_pointer urls = config_at("%s/urls", where);
    const json_t *list = list_of(r, body, urls.text, 1, CONFIG_POINT_URLS_MAX);
    read_urls(r, list, urls.text, point->urls, &point->urls_len);
    r->config->points_len++;
}

void config_read_points(config_reader *r, const json_t *body)
{
    const json_t *list = list_of(r, body, "/enforcement_points", 0, CONFIG_POINTS_MAX);
    for (size_t i = 0; i < json_array_size(list); i++)
        read_point(r, json_array_get(list, i), config_at("/enforcement_points/%zu", i).text);
}
