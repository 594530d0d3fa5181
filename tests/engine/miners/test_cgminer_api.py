"""The CGMiner API's wire protocol, against exact bytes."""

import asyncio
import json
import socket
import time

import pytest

from custom_components.aiep_miner.engine.miners.base import MinerError
from custom_components.aiep_miner.engine.miners.cgminer.api import (
    REPLY_LIMIT,
    CgminerApi,
    NoReplyError,
    parse_reply,
    refusal,
    section,
)
from custom_components.aiep_miner.engine.records.reasons import Reason

from .cgminer_replies import error, reply
from .raw_server import serving


def soon(seconds: float = 2.0) -> float:
    return asyncio.get_running_loop().time() + seconds


class TestParseReply:
    @pytest.mark.parametrize(
        ("raw", "expected"),
        [
            (b'{"a":1}\0', {"a": 1}),
            (b'{"a":1}', {"a": 1}),
            (b'{"a":1}\0{"b":2}\0', {"a": 1}),
            (b'{"a":1} and then garbage', {"a": 1}),
            (b' \n{"a":1}\n', {"a": 1}),
            (b'{"a":"tab\there"}\0', {"a": "tab\there"}),
            (b'{"a":[{"b":1}{"c":2}]}\0', {"a": [{"b": 1}, {"c": 2}]}),
            (b'{"a":[1]"b":2}\0', {"a": [1], "b": 2}),
            (b'{"a":[1,],"b":2,}\0', {"a": [1], "b": 2}),
            (b'{"a":nan,"b":-inf,"c":2}\0', {"a": None, "b": None, "c": 2}),
            (b'{"a":"\xff"}\0', {"a": "\ufffd"}),
        ],
        ids=range(11),
    )
    def test_reads_what_is_sent_and_repairs_what_vendors_break(self, raw, expected):
        assert parse_reply(raw) == expected

    @pytest.mark.parametrize(
        "raw",
        [
            b"",
            b"\0",
            b"STATUS=E,When=1,Code=14,Msg=Invalid command|\0",
            b"HTTP/1.1 400 Bad Request\r\n\r\n",
            b"[1]\0",
            b'"text"\0',
            b'{"a":\0',
            b'{"a" 1}\0',
            b'{"a":' + b"9" * 5000 + b"}\0",
            b'{"a":' + b"[" * 100_000,
            b'{"a":' * 50_000,
        ],
        ids=range(11),
    )
    def test_refuses_what_is_no_json_object(self, raw):
        with pytest.raises(MinerError) as caught:
            parse_reply(raw)
        assert caught.value.reason is Reason.BAD_REPLY

    @pytest.mark.parametrize("filling", [b"}", b"} ", b",", b", ", b":", b" ", b'"', b"{", b"}{"])
    def test_takes_no_longer_for_hostile_replies(self, filling):
        raw = b'{"a":' + filling * (REPLY_LIMIT // len(filling))
        started = time.thread_time()
        with pytest.raises(MinerError):
            parse_reply(raw)
        assert time.thread_time() - started < 1


class TestRefusal:
    @pytest.mark.parametrize(
        "body",
        [
            {"STATUS": [{"STATUS": "S"}]},
            {"STATUS": [{"STATUS": "I", "Code": 109}]},
            {"STATUS": "RESTART", "id": 1},
            {"STATUS": "S", "Code": 131},
        ],
    )
    def test_success(self, body):
        assert refusal(body) is None

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ({"STATUS": [{"STATUS": "E", "Code": 45}]}, Reason.ACCESS_DENIED),
            ({"STATUS": [{"STATUS": "E", "Code": "45"}]}, Reason.ACCESS_DENIED),
            ({"STATUS": [{"STATUS": "E", "Code": 14}]}, Reason.UNSUPPORTED_FIRMWARE),
            ({"STATUS": "E", "Code": 14, "Msg": "invalid cmd"}, Reason.UNSUPPORTED_FIRMWARE),
            ({"STATUS": [{"STATUS": "E", "Code": 10}]}, Reason.REFUSED),
            ({"STATUS": [{"STATUS": "W"}]}, Reason.REFUSED),
            ({"STATUS": [{"STATUS": "F", "Code": -1}]}, Reason.REFUSED),
            ({"STATUS": [{"STATUS": ["S"]}]}, Reason.REFUSED),
            ({"STATUS": []}, Reason.BAD_REPLY),
            ({"STATUS": [5]}, Reason.BAD_REPLY),
            ({"STATUS": 5}, Reason.BAD_REPLY),
            ({}, Reason.BAD_REPLY),
        ],
    )
    def test_reason(self, body, reason):
        assert refusal(body).reason is reason


@pytest.mark.parametrize("items", [None, 5, "x", {}, [5, "x", [], None]])
def test_section_without_objects_is_empty(items):
    assert section({"DEVS": items}, "DEVS") == []


def test_section_is_bounded():
    assert len(section({"DEVS": [{}] * 1000}, "DEVS")) == 64


@pytest.mark.usefixtures("socket_enabled")
class TestAsk:
    async def test_sends_the_whole_request_at_once_and_reads_pieces(self):
        requests = []

        async def answer(request, writer):
            requests.append(json.loads(request))
            for piece in (b'{"STATUS":', b'[{"STATUS":"S"}]', b"}", b"\0"):
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.01)

        async with serving(answer) as port:
            api = CgminerApi("127.0.0.1", port)
            assert await api.ask("summary", until=soon()) == {"STATUS": [{"STATUS": "S"}]}
            await api.ask("ascdisable", "1", until=soon())
        assert requests == [{"command": "summary"}, {"command": "ascdisable", "parameter": "1"}]

    async def test_does_not_wait_for_the_end_after_a_nul(self):
        async def answer(_request, writer):
            writer.write(b'{"a":1}\0')
            await writer.drain()
            await asyncio.sleep(60)

        async with serving(answer) as port:
            async with asyncio.timeout(20):
                assert await CgminerApi("127.0.0.1", port).ask("x", until=soon()) == {"a": 1}

    async def test_bounds_the_reply(self):
        async def answer(_request, writer):
            while True:
                writer.write(b"x" * 65536)
                await writer.drain()

        async with serving(answer) as port:
            with pytest.raises(MinerError, match="more than") as caught:
                await CgminerApi("127.0.0.1", port).ask("x", until=soon())
        assert caught.value.reason is Reason.BAD_REPLY

    async def test_closing_without_a_reply(self):
        async def answer(_request, _writer):
            return

        async with serving(answer) as port:
            with pytest.raises(NoReplyError):
                await CgminerApi("127.0.0.1", port).ask("x", until=soon())

    @pytest.mark.parametrize("write", [False, True])
    @pytest.mark.parametrize("sent", [b"", b"{", b"no JSON\0"])
    async def test_a_write_that_was_sent_may_be_done(self, write, sent):
        async def answer(_request, writer):
            writer.write(sent)

        async with serving(answer) as port:
            with pytest.raises(MinerError) as caught:
                await CgminerApi("127.0.0.1", port).ask("x", until=soon(), write=write)
        assert caught.value.reason is Reason.BAD_REPLY
        assert caught.value.maybe_done is write

    @pytest.mark.parametrize("write", [False, True])
    async def test_no_answer_ends_in_time(self, write):
        async def answer(_request, _writer):
            await asyncio.sleep(60)

        async with serving(answer) as port, asyncio.timeout(20):
            with pytest.raises(MinerError) as caught:
                await CgminerApi("127.0.0.1", port).ask("x", until=soon(0.2), write=write)
        assert caught.value.reason is Reason.TIMEOUT
        assert caught.value.maybe_done is write

    @pytest.mark.parametrize("port", [1, 99999])
    async def test_nobody_there(self, port):
        with pytest.raises(MinerError) as caught:
            await CgminerApi("127.0.0.1", port).ask("x", until=soon(), write=True)
        assert caught.value.reason is Reason.UNREACHABLE
        assert not caught.value.maybe_done

    @pytest.mark.parametrize(
        "failure",
        [socket.gaierror("no such name"), UnicodeEncodeError("idna", "x", 0, 1, "too long")],
    )
    async def test_no_such_host(self, failure, monkeypatch):
        def resolve(*_args):
            raise failure

        monkeypatch.setattr(socket, "getaddrinfo", resolve)
        with pytest.raises(MinerError) as caught:
            await CgminerApi("nobody.example", 4028).ask("x", until=soon(), write=True)
        assert caught.value.reason is Reason.UNREACHABLE
        assert not caught.value.maybe_done

    async def test_one_command_at_a_time(self):
        busy = []

        async def answer(_request, writer):
            busy.append(1)
            assert len(busy) == 1
            await asyncio.sleep(0.02)
            busy.pop()
            writer.write(b'{"a":1}\0')

        async with serving(answer) as port:
            api = CgminerApi("127.0.0.1", port)
            replies = await asyncio.gather(*(api.ask("x", until=soon()) for _ in range(5)))
        assert replies == [{"a": 1}] * 5

    async def test_settle_waits_for_what_is_under_way(self):
        async def answer(_request, writer):
            await asyncio.sleep(0.1)
            writer.write(b'{"a":1}\0')

        async with serving(answer) as port:
            api = CgminerApi("127.0.0.1", port)
            asking = asyncio.create_task(api.ask("x", until=soon()))
            await asyncio.sleep(0.02)
            await api.settle()
            await asyncio.sleep(0)
            assert asking.done()
            assert await asking == {"a": 1}


def test_made_up_replies_are_framed():
    assert parse_reply(reply("DEVS", {"ASC": 0}))["DEVS"] == [{"ASC": 0}]
    assert refusal(parse_reply(error(45, "no"))).reason is Reason.ACCESS_DENIED
