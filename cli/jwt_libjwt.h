#ifndef CLI_JWT_LIBJWT_H
#define CLI_JWT_LIBJWT_H

#include <stdbool.h>

/*
 * libjwt, and the only file that includes its header: ordinary JWTs (`typ` JWT) for systems that know nothing else. It
 * takes the algorithm from the token, reads loose base64 and takes an empty key for "do not verify", so a token comes
 * here only through the gate (jwt_gate.h), and a PoA of ours never.
 */

/*
 * Does the signature hold?
 * @token: passed the gate; NUL-terminated
 * @alg:   name of the algorithm that the gate found in it
 * @pem:   public key (SubjectPublicKeyInfo PEM), NUL-terminated, not empty
 */
bool cli_libjwt_verify(const char *token, const char *alg, const char *pem);

/*
 * Sign a payload, the JSON text of an object, under {"alg":alg,"typ":"JWT"}.
 * @pem: private key in clear, NUL-terminated
 *
 * Return: the token, malloc'ed, or NULL.
 */
char *cli_libjwt_sign(const char *payload, const char *alg, const char *pem);

#endif
