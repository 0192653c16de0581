#ifndef API_EVIDENCE_H
#define API_EVIDENCE_H

#include "api/exchange.h"
#include "csr.h"
#include "idevid.h"
#include "poa/device.h"

/*
 * What a device and its maker show of who it is: the device proof and the ticket in the body of an onboarding.
 */

/**
 * api_evidence - verified; empty where nothing was shown. Owned but for the makers, which are the policy's.
 * @proof:  made by the device, for this request
 * @idevid: under @maker, when the proof came with one
 * @ticket: made by @announcer
 */
typedef struct api_evidence {
    poa_device_proof *proof;
    poa_idevid *idevid;
    const poa_policy_manufacturer *maker;
    poa_ticket *ticket;
    const poa_policy_manufacturer *announcer;
} api_evidence;

void api_evidence_clear(api_evidence *e);

/**
 * api_evidence_proof() - read a device proof and verify it.
 * @text:    the JWS; copied
 * @csr:     of the same request: what the proof names; @csr_der: its bytes
 * @offline: the proof has a jti of its own in place of the nonce of the agent's proof
 *
 * It is for this CSR, for the agent of x->chain's leaf, and online for this nonce; with an IDevID a path to one of the
 * policy's manufacturers stands, and its key made the proof; without one the CSR's key did.
 *
 * Return: POA_OK; a code of the groups envelope and claims, status 400, at /device_proof; evidence_missing at
 * /device_proof because of any other; POA_F_*.
 */
POA_MUST_USE poa_err api_evidence_proof(api_exchange *x, poa_span text, const poa_csr *csr, poa_span csr_der,
                                        bool offline, api_evidence *e);

/** api_evidence_ticket() - the same for a ticket, at /ticket: signed by the manufacturer that it names, and in time. */
POA_MUST_USE poa_err api_evidence_ticket(api_exchange *x, poa_span text, api_evidence *e);

/**
 * api_evidence_refuse() - note what is wrong with a token of the body.
 * @detail: a sentence for people; may be x->detail
 *
 * Gives err back where its status is 400, evidence_missing because of it otherwise; a fault as it is.
 */
poa_err api_evidence_refuse(api_exchange *x, poa_err err, const char *member, const char *detail);

#endif
