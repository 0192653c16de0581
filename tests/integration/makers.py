"""Makers of devices and their devices: IDevIDs, device proofs, trust proofs and tickets, on the X.509 and JOSE of others.

    maker = Maker("Example Devices")            # its `policy()` goes into the site policy
    thing = maker.device()                      # a device with an IDevID, its label in it
    body = thing.body(chain, nonce, "mine-7")   # what an agent hands in for it, online
    line = thing.line(chain, "mine-7")          # the same collected offline, for a batch
    text = maker.ticket(thing)                  # the maker announces it
    text = thing.trust(certificate, nonce)      # later it shows that it is still itself

Each can misbehave, because every part can be said otherwise: see the arguments. Nothing here is made by the code under
test.
"""

import base64
import datetime
import hashlib
import itertools
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from client import DAY, SITE, Key, b64, certificates, compact, csr, fresh_jti, now, sha256, without_none

# What IEEE 802.1AR writes for "as long as the device lives".
FOREVER = datetime.datetime(9999, 12, 31, 23, 59, 59)

_serials = itertools.count(1)


def utc(moment_s):
    """As section 10 writes a time."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment_s))


def moment(when):
    """A datetime as X.509 builders want it, from one or from seconds."""
    return when if isinstance(when, datetime.datetime) else datetime.datetime.utcfromtimestamp(when)


def pem(certificate):
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def der(certificate):
    return certificate.public_bytes(serialization.Encoding.DER)


def x5c(path):
    """RFC 7515 section 4.1.6: base64, not base64url."""
    return [base64.b64encode(der(one)).decode() for one in path]


def csr_hash(request):
    """SHA-256 of the DER of a request in PEM; the hash of anything else is that of its bytes."""
    try:
        return sha256(x509.load_pem_x509_csr(request.encode()).public_bytes(serialization.Encoding.DER))
    except ValueError:
        return sha256(request.encode())


def spki_hash(certificate):
    return sha256(certificate.public_key().public_bytes(serialization.Encoding.DER,
                                                        serialization.PublicFormat.SubjectPublicKeyInfo))


# ---- makers ----


class Authority:
    """A key with a certificate that may sign others."""

    def __init__(self, name, alg="ES256", above=None, since=None, until=FOREVER):
        self.key = Key(alg)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = x509.KeyUsage(digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False,
                              key_encipherment=False, data_encipherment=False, key_agreement=False,
                              encipher_only=False, decipher_only=False)
        self.certificate = (above or self).sign(self.name, self.key, since or now() - 10 * DAY, until, [
            (x509.BasicConstraints(ca=True, path_length=None), True), (usage, True)])
        self.path = [self.certificate, *(above.path if above else [])]

    def sign(self, subject, key, since, until, extensions):
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name)
                   .public_key(key.private.public_key()).serial_number(x509.random_serial_number())
                   .not_valid_before(moment(since)).not_valid_after(moment(until)))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        digest = None if self.key.alg == "EdDSA" else hashes.SHA384() if self.key.alg == "ES384" else hashes.SHA256()
        return builder.sign(self.key.private, digest)


class Maker:
    """A made-up manufacturer: a root, an authority below it that signs IDevIDs, and what a site policy says of it.

    A second one with the same name is a foreign CA: nothing of it leads to the first one's root.
    """

    def __init__(self, name="Example Devices", hosts=("id.devices.example",), serial_from="serialNumber", alg="ES256"):
        self.name = name
        self.hosts = list(hosts)
        self.serial_from = serial_from
        self.alg = alg
        self.root = Authority(f"{name} Root", alg)
        self.issuer = Authority(f"{name} Device CA", alg, above=self.root)

    def policy(self, **members):
        """For `manufacturers` in a site policy; None takes a member away."""
        usual = {"name": self.name, "ca": pem(self.root.certificate), "id_link_hosts": self.hosts,
                 "serial_from": self.serial_from}
        return without_none(usual | members)

    @property
    def ca_ids(self):
        """For `idevid_issuer` in a selector: the hashes of the keys of its CAs, the root's last."""
        return [spki_hash(one) for one in self.issuer.path]

    def link(self, serial, model="XY-1"):
        return f"https://{self.hosts[0]}/{model}/{serial}"

    def gs1_link(self, serial, gtin="09506000134352"):
        """A GS1 Digital Link, which states the serial."""
        return f"https://{self.hosts[0]}/01/{gtin}/21/{serial}"

    def idevid(self, key, serial, uris=(), since=None, until=FOREVER, issuer=None, bare=False):
        """The path of an IDevID, its own certificate first and the root left out; bare has no extension at all."""
        place = NameOID.SERIAL_NUMBER if self.serial_from == "serialNumber" else NameOID.COMMON_NAME
        names = [x509.NameAttribute(place, serial)] if serial else []
        usage = x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, content_commitment=False,
                              key_encipherment=False, data_encipherment=False, key_agreement=False,
                              encipher_only=False, decipher_only=False)
        extensions = [] if bare else [(usage, True)]
        if uris:
            extensions.append((x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri) for uri in uris]),
                               False))
        issuer = issuer or self.issuer
        return [issuer.sign(x509.Name(names), key, since or now() - DAY, until, extensions), *issuer.path[:-1]]

    def device(self, **members):
        return Device(self, **members)

    def ticket(self, thing=None, signer=None, header=None, **claims):
        """A poa-ticket+jwt about a device, by its issuing authority; None takes a claim away.

        signer=maker.root signs with the CA of the policy itself, another maker's is foreign.
        """
        signer = signer or self.issuer
        usual = {"iss": self.name, "iat": now(), "jti": fresh_jti()}
        if thing:
            usual |= {"serial": thing.serial, "id_link": thing.id_link, "model": thing.model, "key": thing.key_hash}
        usual_header = {"typ": "poa-ticket+jwt", "alg": signer.key.alg, "x5c": x5c(signer.path)}
        return compact(signer.key, without_none(usual_header | (header or {})), without_none(usual | claims))


# ---- devices ----


class Device:
    """A device as its maker made it: an IDevID (or none), a key of its own for the site, a label.

    @serial:    None: the next one
    @id_link:   its label: None for the maker's usual link, "" for no label; another device's is a cloned label
    @in_idevid: does the IDevID have the label as a URI?
    @idevid:    False: it has none, and proves itself with its own key
    @maker:     its IDevID comes from here; a foreign maker of the same name is nobody's
    @since, @until: when the IDevID is valid; until=now() - 1 is expired
    @alg, @own_alg: of the IDevID's key, of its own
    """

    def __init__(self, maker, serial=None, model="XY-1", id_link=None, in_idevid=True, uris=(), idevid=True, alg="ES256",
                 own_alg="ES256", since=None, until=FOREVER, issuer=None, bare=False):
        self.maker = maker
        self.model = model
        self.serial = serial or f"MK-{next(_serials):06d}"
        self.id_link = maker.link(self.serial, model) if id_link is None else id_link or None
        self.own = Key(own_alg)
        self.key = Key(alg) if idevid else self.own
        uris = [*([self.id_link] if in_idevid and self.id_link else []), *uris]
        self.path = maker.idevid(self.key, self.serial, uris, since, until, issuer, bare) if idevid else None
        self.boots = 0

    @property
    def key_hash(self):
        """What a ticket's `key` says, and what a record is matched on."""
        return self.key.spki_hash()

    def stated(self, **members):
        """`device` in a request: what is typed about it; None takes a member away."""
        usual = {"manufacturer": self.maker.name, "model": self.model, "serial": self.serial, "id_link": self.id_link}
        return without_none(usual | members)

    def csr(self, challenge, **members):
        return csr(members.get("key", self.own), challenge, members.get("serial", self.serial))

    def proof(self, chain, request, header=None, agent=None, created=None, **claims):
        """A poa-device+jwt for a request in PEM; give it nonce=… or jti=…. None takes a claim away.

        @agent:   another party: a proof that another agent collected
        @created: seconds; an old one is an old proof
        Claims may be said otherwise: serial_number="SN-2" is a wrong serial, id_link=… vouches for a label.
        """
        said = {name.replace("serial_number", "serial-number"): value for name, value in claims.items()}
        usual = {"serial-number": self.serial, "created-on": utc(now() if created is None else created),
                 "csr_hash": csr_hash(request), "agent_jkt": (agent or chain.agent).key.thumbprint}
        usual_header = {"typ": "poa-device+jwt", "alg": self.key.alg}
        usual_header |= {"x5c": x5c(self.path)} if self.path else {"jwk": self.key.jwk}
        return compact(self.key, without_none(usual_header | (header or {})), without_none(usual | said))

    def body(self, chain, nonce, location="mine-7/hall-2", proof=None, stated=None, request=None, **members):
        """The body of an onboarding, online. @proof and @stated say parts otherwise; members are the body's own."""
        request = request or self.csr(nonce)
        usual = {"device": self.stated(**(stated or {})), "location": location, "csr": request,
                 "device_proof": self.proof(chain, request, **({"nonce": nonce} | (proof or {})))}
        return without_none(usual | members)

    def line(self, chain, location="mine-7/hall-2", proof=None, stated=None, request=None, jti=None, **members):
        """The same, collected offline: the device repeats a value of its own in place of the server's nonce."""
        jti = jti or fresh_jti()
        request = request or self.csr(jti)
        usual = {"device": self.stated(**(stated or {})), "location": location, "csr": request,
                 "device_proof": self.proof(chain, request, **({"jti": jti} | (proof or {})))}
        return without_none(usual | members)

    def trust(self, certificate, nonce, request=None, key=None, header=None, reason="periodic", boots=None, **claims):
        """A poa-trust+jwt by the credential's key. @certificate is what the server gave, PEM; None takes a claim away.

        @request: a request in PEM for a new key, made with that nonce
        @key:     of the credential: its own, unless it was rekeyed; any other is a thief's
        @boots:   the boot counter; it counts up by itself for a restart
        """
        key = key or self.own
        path = certificates(certificate)
        if boots is None:
            self.boots += reason == "restart"
            boots = self.boots
        usual = {"aud": SITE, "sub": device_uri(path[0]), "iat": now(), "nonce": nonce, "reason": reason,
                 "boot_counter": boots, "csr_hash": csr_hash(request) if request else None}
        usual_header = {"typ": "poa-trust+jwt", "alg": key.alg, "x5c": x5c(path[:1])}
        return compact(key, without_none(usual_header | (header or {})), without_none(usual | claims))


def device_uri(certificate):
    """The `urn:uuid:` of a device's credential."""
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    found = [uri for uri in names.get_values_for_type(x509.UniformResourceIdentifier) if uri.startswith("urn:uuid:")]
    assert len(found) == 1, found
    return found[0]


def firmware(version):
    """A digest for `firmware`."""
    return b64(hashlib.sha256(version.encode()).digest())
