import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { SocketError } from "../../src/errors.ts";
import { certificateDatesFault, closedUnheard, tlsFault } from "../../src/transport/tls_fault.ts";

const without = { serverName: "cache.example.com", tls: {} };
const withCertificate = { ...without, tls: { cert: "…", key: "…" } };

/** What Deno says, by its message, and Node and Bun, by their codes, and what becomes of it. */
const FAULTS: readonly [text: string, says: string][] = [
  ["invalid peer certificate: UnknownIssuer", "not from a trusted authority"],
  ["SELF_SIGNED_CERT_IN_CHAIN", "not from a trusted authority"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "not from a trusted authority"],
  ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "not from a trusted authority"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "not from a trusted authority"],
  [
    `invalid peer certificate: certificate not valid for name "x"; certificate is only valid for "y"`,
    `its certificate is not for "cache.example.com"`,
  ],
  ["ERR_TLS_CERT_ALTNAME_INVALID", `its certificate is not for "cache.example.com"`],
  ["invalid peer certificate: certificate expired: verification time 5", "has expired"],
  ["CERT_HAS_EXPIRED", "has expired"],
  ["invalid peer certificate: certificate not valid yet: verification time 5", "is not valid yet"],
  ["CERT_NOT_YET_VALID", "is not valid yet"],
  ["invalid peer certificate: BadSignature", "its certificate is not valid ("],
  ["CERT_SIGNATURE_FAILURE", "its certificate is not valid ("],
  ["received fatal alert: CertificateRequired", "it requires a client certificate"],
  ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED", "it requires a client certificate"],
  ["received fatal alert: HandshakeFailure", "it may require a client certificate"],
  ["ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE", "it may require a client certificate"],
  ["received fatal alert: UnknownCA", "it refuses the client certificate"],
  ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "it refuses the client certificate"],
  ["received fatal alert: CertificateExpired", "it refuses the client certificate"],
  ["ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE", "it refuses the client certificate"],
  ["received corrupt message of type InvalidContentType", "it does not speak TLS"],
  ["ERR_SSL_WRONG_VERSION_NUMBER", "it does not speak TLS"],
  ["keys may not be consistent: KeyMismatch", "tls.key is not the key of tls.cert"],
];

Deno.test("tlsFault describes a fault in the same words on every runtime", () => {
  for (const [text, says] of FAULTS) {
    const isCode = /^[A-Z\d_]+$/.test(text);
    const error = isCode
      ? Object.assign(new Error("what OpenSSL says"), { code: text })
      : new Error(text);
    const fault = tlsFault(error, without);
    assertInstanceOf(fault, SocketError);
    assert(fault.message.includes(says), `${text}: ${fault.message}`);
    assert(fault.message.endsWith(`(${error.message})`), fault.message);
    assertStrictEquals(fault.cause, error);
    assertEquals(fault.server, undefined);
  }
});

Deno.test("tlsFault does not change errors without TLS", () => {
  for (const error of [new Error("Connection refused (os error 111)"), "text", undefined]) {
    assertStrictEquals(tlsFault(error, without), error);
  }
});

Deno.test("tlsFault describes every fault of OpenSSL in one line", () => {
  const message =
    "80DB:error:0A00010B:SSL routines:ssl3_get_record:wrong version number:../ssl3_record.c:355:\n";
  const wrong = { code: "ERR_SSL_WRONG_VERSION_NUMBER", reason: "wrong version number" };
  const fault = tlsFault(Object.assign(new Error(message), wrong), without) as Error;
  assertEquals(fault.message, "it does not speak TLS (wrong version number)");
  const other = { code: "ERR_SSL_BAD_SIGNATURE", reason: "bad signature" };
  const unknown = tlsFault(Object.assign(new Error(message), other), without) as Error;
  assertEquals(unknown.message, "TLS has failed (bad signature)");
  const silent = tlsFault(Object.assign(new Error(message), { code: "ERR_SSL_X" }), without);
  assertEquals((silent as Error).message.includes("\n"), false);
});

Deno.test("certificateDatesFault says whether a certificate is valid by now", () => {
  const [past, future] = ["Jan  1 00:00:00 2000 GMT", "Jan  1 00:00:00 2100 GMT"];
  const message = (from: string, to: string) =>
    certificateDatesFault({ raw: new Uint8Array(), "valid_from": from, "valid_to": to })?.message;
  assertEquals(message(past, future), undefined);
  assertEquals(message(past, past), `its certificate has expired (on ${past})`);
  assertEquals(message(future, future), `its certificate is not valid yet (before ${future})`);
  assert(message("soon", future)?.includes("not valid yet"));
  assert(message(past, "later")?.includes("has expired"));
});

Deno.test("closedUnheard guesses by whether the client has a certificate", () => {
  assert(closedUnheard(without).message.includes("it may require a client certificate"));
  assert(closedUnheard(withCertificate).message.includes("it may have refused the client"));
  const cause = new Error("reset");
  assertStrictEquals(closedUnheard(without, cause).cause, cause);
});
