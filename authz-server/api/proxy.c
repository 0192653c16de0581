#include "api/proxy.h"

#include "guard.h"
#include "span.h"
#include "url.h"

#include <string.h>

static bool in_block(const config_block *block, const poa_address *address)
{
    if (block->address.family != address->family)
        return false;
    for (unsigned bit = 0; bit < block->prefix; bit++) {
        const uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        if ((block->address.bytes[bit / 8] ^ address->bytes[bit / 8]) & mask)
            return false;
    }
    return true;
}

bool api_is_proxy(const server_config *config, const poa_address *address)
{
    for (size_t i = 0; i < config->proxies_len; i++)
        if (address->family != 0 && in_block(&config->proxies[i], address))
            return true;
    return false;
}

static poa_span trim(poa_span text)
{
    while (text.len > 0 && (text.ptr[0] == ' ' || text.ptr[0] == '\t'))
        text = poa_span_skip(text, 1);
    while (text.len > 0 && (text.ptr[text.len - 1] == ' ' || text.ptr[text.len - 1] == '\t'))
        text = poa_span_head(text, text.len - 1);
    return text;
}

/* Each proxy adds who called it at the end, so what stands behind the last stranger is our own proxies' word. */
static poa_address told(const server_config *config, poa_span header)
{
    poa_address stranger = {0};
    poa_fields fields = poa_fields_of(header, ',');
    poa_span field;
    while (poa_fields_next(&fields, &field)) {
        poa_address address = {0};
        if (!poa_address_parse(trim(field), &address))
            stranger = (poa_address){0};
        else if (!api_is_proxy(config, &address))
            stranger = address;
    }
    return stranger;
}

poa_address api_caller_address(const server_config *config, const http_request *request)
{
    const http_address *peer = http_request_peer(request);
    poa_address address = {.family = peer->family};
    memcpy(address.bytes, peer->bytes, sizeof address.bytes);
    if (!api_is_proxy(config, &address))
        return address;
    poa_span header = {0};
    if (http_request_header(request, "X-Forwarded-For", &header) != 1)
        return (poa_address){0};
    return told(config, header);
}

/* Do these bytes begin with a base, by whole segments? */
static bool begins_under(poa_span url, const char *base)
{
    const poa_span start = poa_span_of(base);
    const poa_span rest = poa_span_skip(url, start.len);
    return poa_span_starts(url, start) && (rest.len == 0 || rest.ptr[0] == '/' || rest.ptr[0] == '?');
}

bool api_url_is_under(poa_span url, const char *const *bases, size_t len)
{
    poa_url normal;
    if (!poa_url_normalise(url, &normal))
        return false;
    for (size_t i = 0; i < len; i++)
        if (begins_under(url, bases[i]) &&
            !POA_GUARD(url_leads_out, !begins_under((poa_span){normal.text, normal.len}, bases[i])))
            return true;
    return false;
}
