# ruff: noqa: E501 - cases read as rows
"""URLs that look hostile and are not: each is taken, in exactly one form. A parser that refuses all is no parser."""

from typing import Final

from tests.egress.attacks.rows import ACCEPTED, UrlRow


def _taken(number: str, what: str, text: str, becomes: str) -> UrlRow:
    return UrlRow(number, what, text, ACCEPTED, becomes)


NEAR_MISSES: Final = (
    _taken("U500", "a plain name", "https://llm.example.com", "https://llm.example.com"),
    _taken("U501", "capitals in scheme and host", "HTTPS://LLM.Example.COM/", "https://llm.example.com"),
    _taken("U502", "a final dot", "https://llm.example.com.", "https://llm.example.com"),
    _taken("U503", "a final dot before port and path", "https://llm.example.com.:8443/v1", "https://llm.example.com:8443/v1"),
    _taken("U504", "the usual port, written out", "https://llm.example.com:443/v1/", "https://llm.example.com/v1"),
    _taken("U505", "an empty port", "https://llm.example.com:/v1", "https://llm.example.com/v1"),
    _taken("U506", "the other port", "https://llm.example.com:8443", "https://llm.example.com:8443"),
    _taken("U507", "an umlaut", "https://bücher.example/V1", "https://xn--bcher-kva.example/V1"),
    _taken("U508", "the same as A-label", "https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    _taken("U509", "the same in capitals", "https://XN--BCHER-KVA.example", "https://xn--bcher-kva.example"),
    _taken("U510", "a sharp s, which older IDNA turned into ss", "https://straße.example", "https://xn--strae-oqa.example"),
    _taken("U511", "a final sigma, which older IDNA replaced", "https://ολόγος.example", "https://xn--oxaplcp1d.example"),
    _taken("U512", "a middle dot between two l", "https://paral·lel.example", "https://xn--parallel-koa.example"),
    _taken("U513", "Devanagari digits, which are letters of a name", "https://१२७.०.०.१", "https://xn--e4bcp.xn--d4b.xn--d4b.xn--e4b"),
    _taken("U514", "Chinese", "https://模型.example", "https://xn--xgs754b.example"),
    _taken("U515", "hyphens where an A-label has them", "https://r3---sn-x.example/api/v1", "https://r3---sn-x.example/api/v1"),
    _taken("U516", "labels that begin with digits", "https://4chan.1st.example", "https://4chan.1st.example"),
    _taken("U517", "digits and a name behind", "https://127.0.0.1.nip.io:8443", "https://127.0.0.1.nip.io:8443"),
    _taken("U518", "hexadecimal and a name behind", "https://0x7f.1.nip.io", "https://0x7f.1.nip.io"),
    _taken("U519", "a last label that only begins with a digit", "https://llm.1st", "https://llm.1st"),
    _taken("U520", "a last label that only looks hexadecimal", "https://llm.0xg", "https://llm.0xg"),
    _taken("U521", "a label of 63 characters", f"https://{'a' * 63}.example", f"https://{'a' * 63}.example"),
    _taken("U522", "a name of 253 characters", f"https://{'a.' * 123}example", f"https://{'a.' * 123}example"),
    _taken("U523", "a URL of 2048 characters", "https://llm.example/" + "a" * 2028, "https://llm.example/" + "a" * 2028),
    _taken("U524", "a name that ends like a local one", "https://notlocal.example", "https://notlocal.example"),
    _taken("U525", "a name that only contains a local one", "https://localhost.example", "https://localhost.example"),
    _taken("U526", "a name that ends in localhost without a dot", "https://my.notlocalhost", "https://my.notlocalhost"),
    _taken("U527", "internal in the middle", "https://internal.example.org", "https://internal.example.org"),
    _taken("U528", "an at sign and a colon in the path", "https://llm.example/v1/@cf/a:b", "https://llm.example/v1/@cf/a:b"),
    _taken("U529", "a host in the path", "https://llm.example/v1/127.0.0.1:8443", "https://llm.example/v1/127.0.0.1:8443"),
    _taken("U530", "three dots in the path", "https://llm.example/.../v1", "https://llm.example/.../v1"),
    _taken("U531", "a dot before a segment", "https://llm.example/.well-known/llm", "https://llm.example/.well-known/llm"),
    _taken("U532", "a path parameter, kept as it is", "https://llm.example/v1;x=1/a", "https://llm.example/v1;x=1/a"),
    _taken("U533", "every other mark that a path may hold", "https://llm.example/~a!$&'()*+,;=-_b", "https://llm.example/~a!$&'()*+,;=-_b"),
    _taken("U534", "a public IPv4 address", "https://9.9.9.9/v1", "https://9.9.9.9/v1"),
    _taken("U535", "the address before Azure's", "https://168.63.129.15", "https://168.63.129.15"),
    _taken("U536", "the address before the private ones", "https://172.15.255.255", "https://172.15.255.255"),
    _taken("U537", "the address behind the private ones", "https://172.32.0.0", "https://172.32.0.0"),
    _taken("U538", "the address behind carrier-grade NAT", "https://100.128.0.0", "https://100.128.0.0"),
    _taken("U539", "a public IPv6 address with its zeros", "https://[2620:fe:0:0::fe]", "https://[2620:fe::fe]"),
    _taken("U540", "a public IPv6 address in capitals", "https://[2A00:1450:4001::200E]", "https://[2a00:1450:4001::200e]"),
    _taken("U541", "a public IPv6 address that ends in IPv4", "https://[2606:4700::1.1.1.1]", "https://[2606:4700::101:101]"),
    _taken("U542", "a public IPv6 address with a port", "https://[2606:4700::1]:8443/a", "https://[2606:4700::1]:8443/a"),
    _taken("U543", "NAT64 of a public address", "https://[64:ff9b::8.8.8.8]", "https://[64:ff9b::808:808]"),
)  # fmt: skip
