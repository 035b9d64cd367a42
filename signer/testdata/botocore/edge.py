"""Signs each case of the JSON list on standard input with botocore's
CloudFrontSigner and prints the list of results."""

import datetime
import json
import sys

from botocore.signers import CloudFrontSigner
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding


def utc(epoch):
    return datetime.datetime.utcfromtimestamp(epoch) if epoch else None


def sign(case):
    with open(case["key"], "rb") as file:
        key = serialization.load_pem_private_key(file.read(), password=None)
    signer = CloudFrontSigner(
        case["keyPairId"],
        lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA1()),
    )
    if case["policy"]:
        return {"url": signer.generate_presigned_url(case["url"], policy=case["policy"])}
    if case["starts"] or case["ip"]:
        policy = signer.build_policy(
            case["url"],
            utc(case["expires"]),
            date_greater_than=utc(case["starts"]),
            ip_address=case["ip"] or None,
        )
        return {"url": signer.generate_presigned_url(case["url"], policy=policy)}
    return {"url": signer.generate_presigned_url(case["url"], date_less_than=utc(case["expires"]))}


print(json.dumps([sign(case) for case in json.load(sys.stdin)]))
