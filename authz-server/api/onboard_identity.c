#include "api/agreement.h"
#include "api/onboard_request.h"
#include "guard.h"
#include "serial.h"
#include "span.h"
#include "uri.h"

/* What the IDevID, the device proof and the ticket say; empty where there is none, or where it says nothing. */
struct heard {
    poa_span idevid_serial;
    poa_span idevid_maker;
    poa_span idevid_link;
    poa_span proof_serial;
    poa_span proof_link;
    poa_span ticket_serial;
    poa_span ticket_maker;
    poa_span ticket_model;
    poa_span ticket_link;
    poa_span link_serial;
};

static struct heard hear(const api_evidence *shown)
{
    struct heard heard = {.link_serial = {0}};
    if (shown->idevid) {
        heard.idevid_serial = poa_idevid_serial(shown->idevid);
        heard.idevid_maker = shown->maker->name;
        heard.idevid_link = poa_idevid_id_link(shown->idevid);
    }
    if (shown->proof) {
        heard.proof_serial = poa_device_proof_get(shown->proof)->serial;
        heard.proof_link = poa_device_proof_get(shown->proof)->id_link;
    }
    if (shown->ticket) {
        heard.ticket_serial = poa_ticket_get(shown->ticket)->serial;
        heard.ticket_maker = shown->announcer->name;
        heard.ticket_model = poa_ticket_get(shown->ticket)->model;
        heard.ticket_link = poa_ticket_get(shown->ticket)->id_link;
    }
    return heard;
}

/* The first that says something, as an identity wants it: without pointer where nobody does. */
static poa_span first_of(const api_said *said, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (said[i].value.len > 0)
            return said[i].value;
    return (poa_span){0};
}

/* All must agree; whose word counts most stands first. */
static void settle(api_agreement *g, const char *member, const api_said *said, size_t count, poa_span *out)
{
    api_agree(g, member, said, count);
    *out = first_of(said, count);
}

/* ---- the label ---- */

/* A GS1 Digital Link states the serial in its path, behind the application identifier 21. */
static poa_span serial_in_link(poa_span link)
{
    poa_uri uri;
    if (!poa_uri_parse(link, &uri))
        return (poa_span){0};
    const size_t query = poa_span_find(uri.rest, '?');
    poa_fields segments = poa_fields_of(query == SIZE_MAX ? uri.rest : poa_span_head(uri.rest, query), '/');
    poa_span segment;
    while (poa_fields_next(&segments, &segment))
        if (poa_span_is(segment, "21") && poa_fields_next(&segments, &segment))
            return segment;
    return (poa_span){0};
}

/* A maker that names its hosts has no labels elsewhere. */
static bool is_host_of(const poa_policy_manufacturer *maker, poa_span link)
{
    poa_uri uri;
    if (maker->id_link_hosts_len == 0)
        return true;
    if (!poa_uri_parse(link, &uri))
        return false;
    for (size_t i = 0; i < maker->id_link_hosts_len; i++)
        if (poa_span_equal(maker->id_link_hosts[i], uri.host))
            return true;
    return false;
}

static poa_err check_host(api_exchange *x, const api_onboard_request *r)
{
    const poa_policy_manufacturer *maker = r->shown.maker ? r->shown.maker : r->shown.announcer;
    if (!maker || r->device.id_link.len == 0 || !POA_GUARD(link_host, !is_host_of(maker, r->device.id_link)))
        return POA_OK;
    (void)snprintf(x->detail, sizeof x->detail, "the link's host is none of its manufacturer's");
    return api_deny(x, POA_E_IDENTITY_MISMATCH, "/device/id_link");
}

static bool is_vouched_by_ticket(const api_onboard_request *r)
{
    if (!r->shown.ticket)
        return false;
    const poa_ticket_facts *ticket = poa_ticket_get(r->shown.ticket);
    return ticket->has_key && poa_span_equal(ticket->id_link, r->device.id_link);
}

static store_link_evidence link_evidence_of(const api_onboard_request *r)
{
    const poa_span link = r->device.id_link;
    if (link.len == 0)
        return STORE_LINK_NONE;
    if (r->shown.idevid && poa_idevid_has_uri(r->shown.idevid, link))
        return STORE_LINK_IDEVID;
    if (is_vouched_by_ticket(r)) /* its key is this device's: check_ticket_key() */
        return STORE_LINK_TICKET;
    if (r->shown.proof && poa_span_equal(poa_device_proof_get(r->shown.proof)->id_link, link))
        return STORE_LINK_DEVICE_KEY;
    return STORE_LINK_TYPED;
}

/* ---- the key that a ticket names ---- */

static void check_ticket_key(api_agreement *g, const api_onboard_request *r)
{
    if (!r->shown.ticket || !poa_ticket_get(r->shown.ticket)->has_key)
        return;
    const poa_id *named = &poa_ticket_get(r->shown.ticket)->key;
    const poa_id *own = poa_csr_key_id(r->csr);
    const poa_id *maker = r->shown.idevid ? poa_idevid_key_id(r->shown.idevid) : own;
    if (!POA_GUARD(ticket_key, !poa_id_equal(named, maker) && !poa_id_equal(named, own)))
        return;
    const poa_id_text names = poa_id_print(named);
    const poa_id_text is = poa_id_print(maker);
    const api_said said[] = {{"ticket", poa_span_of(names.chars)},
                             {r->shown.idevid ? "certificate" : "csr", poa_span_of(is.chars)}};
    api_agree(g, "key", said, POA_COUNT(said));
}

/* ---- all of it ---- */

/* What a CSR or a link says is as long as it likes, and any text. */
static poa_err check_serial(api_exchange *x, poa_span serial)
{
    if (serial.len == 0 || !POA_GUARD(settled_serial, !poa_serial_is_valid(serial)))
        return POA_OK;
    (void)snprintf(x->detail, sizeof x->detail, "what is stated as its serial is not 1 to 64 printable characters");
    return api_deny(x, POA_E_CLAIM_TYPE, "/device/serial");
}

/* An IDevID that names links names this one; that it names another one alone, the sources tell. */
static poa_err check_named_links(api_exchange *x, const api_onboard_request *r)
{
    const poa_idevid *idevid = r->shown.idevid;
    const poa_span link = r->device.id_link;
    if (!idevid || link.len == 0 || poa_idevid_has_uri(idevid, link))
        return POA_OK;
    for (size_t i = 0; i < poa_idevid_uri_count(idevid); i++) {
        if (!POA_GUARD(link_of_other_name, poa_san_kind_of(poa_idevid_uri(idevid, i)) == POA_SAN_ID_LINK))
            continue;
        (void)snprintf(x->detail, sizeof x->detail, "the certificate names other links");
        return api_deny(x, POA_E_IDENTITY_MISMATCH, "/device/id_link");
    }
    return POA_OK;
}

static void take_idevid(api_onboard_request *r)
{
    r->evidence = POA_EVIDENCE_DEVICE_KEY; /* the CSR's signature verified */
    const poa_idevid *idevid = r->shown.idevid;
    if (!idevid)
        return;
    r->evidence |= POA_EVIDENCE_IDEVID;
    r->idevid = *poa_idevid_key_id(idevid);
    r->device.idevid_path = poa_idevid_path(idevid, &r->device.idevid_path_len);
    r->product_instance_uri = poa_idevid_product_uri(idevid);
    r->spiffe_id = poa_idevid_spiffe_id(idevid);
}

poa_err api_onboard_identity(api_exchange *x, api_onboard_request *r)
{
    const poa_identity typed = r->typed;
    const struct heard heard = hear(&r->shown);
    api_agreement g = {.first = NULL};

    const api_said links[] = {{"certificate", heard.idevid_link},
                              {"request", typed.id_link},
                              {"device_proof", heard.proof_link},
                              {"ticket", heard.ticket_link}};
    settle(&g, "id_link", links, POA_COUNT(links), &r->device.id_link);
    const api_said serials[] = {{"certificate", heard.idevid_serial}, {"request", typed.serial},
                                {"device_proof", heard.proof_serial}, {"csr", poa_csr_serial(r->csr)},
                                {"ticket", heard.ticket_serial},      {"link", serial_in_link(r->device.id_link)}};
    settle(&g, "serial", serials, POA_COUNT(serials), &r->device.serial);
    const api_said makers[] = {
        {"certificate", heard.idevid_maker}, {"request", typed.manufacturer}, {"ticket", heard.ticket_maker}};
    settle(&g, "manufacturer", makers, POA_COUNT(makers), &r->device.manufacturer);
    const api_said models[] = {{"request", typed.model}, {"ticket", heard.ticket_model}};
    settle(&g, "model", models, POA_COUNT(models), &r->device.model);
    check_ticket_key(&g, r);

    poa_err err = api_agreement_end(&g, x);
    if (!err)
        err = check_serial(x, r->device.serial);
    if (!err)
        err = check_named_links(x, r);
    if (!err)
        err = check_host(x, r);
    if (err)
        return err;
    take_idevid(r);
    r->link_evidence = link_evidence_of(r);
    return POA_OK;
}
