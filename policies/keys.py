"""The keys of the example policies: points of P-256 that follow from a label, so that nobody has their private half.

python3 policies/keys.py LABEL...    prints the JWK of each label

x is the first of SHA-256("LABEL 0"), SHA-256("LABEL 1"), ... with which a point lies on the curve; y is the even one.
"""

import base64
import hashlib
import json
import sys

# NIST P-256 (SP 800-186): y^2 = x^3 - 3x + B over the integers modulo P.
P = 2**256 - 2**224 + 2**192 + 2**96 - 1
B = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B


def point(label):
    counter = 0
    while True:
        x = int.from_bytes(hashlib.sha256(f"{label} {counter}".encode()).digest(), "big")
        square = (pow(x, 3, P) - 3 * x + B) % P
        y = pow(square, (P + 1) // 4, P)
        if x < P and y * y % P == square:
            return x, P - y if y % 2 else y
        counter += 1


def text(number):
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()


def jwk(label):
    x, y = point(label)
    return {"kty": "EC", "crv": "P-256", "x": text(x), "y": text(y)}


if __name__ == "__main__":
    for name in sys.argv[1:]:
        print(json.dumps(jwk(name)))
