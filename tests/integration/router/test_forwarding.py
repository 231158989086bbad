import asyncio


async def test_a_request_reaches_the_replica_and_its_answer_the_client(router, saying, talk):
    port = await router.route((await saying("one")).endpoint())
    answer = await talk(port, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\none")
