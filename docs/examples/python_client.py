"""A chat client for Parley in one file: durable outbox, `sync`, gap repair by `seq` and `rev`, its own reconnection.
docs/protocol.md describes the protocol; python_tour.py uses this client. pip install "python-socketio[asyncio-client]"
"""
import asyncio, collections, contextlib, json, random, sqlite3, uuid
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any
import socketio  # type: ignore[import-untyped]
Json = dict[str, Any]
# After these codes the same command is repeated; for messages with the same `clientMessageId`. Any other code is final.
AGAIN = {"UNAVAILABLE", "INTERNAL", "RATE_LIMITED", "UNAUTHENTICATED", "TOKEN_EXPIRED", "TIMEOUT"}
class Refused(Exception): ...  # with the code in `args[0]`; `OFFLINE` when there is no connection

class Log:
    """Entries of a conversation by `seq`, and its head: the newest `seq` and `rev` that the server has announced."""
    def __init__(self) -> None:
        self.entries: dict[int, Json] = {}
        self.last_seq = self.rev = self.delivered = self.seen_rev = 0  # `seen_rev`: the newest change in the entries
        self.sending = asyncio.Lock()

    def held(self) -> int:
        return max(self.entries, default=0)

    def apply(self, change: Json) -> None:
        if change.get("rev") == self.seen_rev + 1:
            self.seen_rev += 1
            if change.get("seq") in self.entries:  # `hidden` changes name no message
                self.entries[change["seq"]] = change["message"]

class Client:
    def __init__(self, url: str, get_token: Callable[[], Awaitable[str]], outbox: str = ":memory:") -> None:
        self.url, self.get_token, self.cursor, self.epoch = url, get_token, "", ""
        self.closed, self.connects, self.attempt, self.after_ms = False, 0, 0, 0
        self.outbox = sqlite3.connect(outbox, isolation_level=None)
        self.outbox.execute("CREATE TABLE IF NOT EXISTS outbox (id, conversation, payload, refused)")
        self.logs: collections.defaultdict[str, Log] = collections.defaultdict(Log)
        self.lost, self.repairing, self.tasks = asyncio.Event(), asyncio.Lock(), set[asyncio.Task[None]]()
        self.sio = socketio.AsyncClient(reconnection=False, handle_sigint=False)
        self.sio.on("*", self.on_push)
        self.sio.on("disconnect", lambda reason: self.lost.set())

    def close(self) -> None:
        self.closed = True
        self.lost.set()

    async def run(self) -> None:
        """Connects with a new token, and again after every loss, until `closed`."""
        while not self.closed:
            self.lost.clear()
            with contextlib.suppress(socketio.exceptions.ConnectionError, OSError):
                auth = {"token": await self.get_token()}
                await self.sio.connect(self.url, auth=auth, transports=["websocket"], wait_timeout=10)
                self.connects, self.after_ms = self.connects + 1, 0
                self.spawn(self.keep_synchronised())
                for (conversation,) in self.outbox.execute("SELECT DISTINCT conversation FROM outbox").fetchall():
                    self.spawn(self.pump(conversation))
                await self.lost.wait()
            for task in self.tasks: task.cancel()  # their answers will not come
            await self.sio.disconnect()
            backoff_ms, self.attempt = random.uniform(0.5, 1) * min(8_000, 400 * 2**self.attempt), self.attempt + 1
            await asyncio.sleep(0 if self.closed else max(self.after_ms, backoff_ms) / 1_000)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.add(task := asyncio.create_task(work))  # what is refused here is found by the next `sync`
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(lambda done: done.cancelled() or done.exception())

    async def ask(self, command: str, payload: Json) -> Any:
        """Runs a command until it is answered for good. Every command may be repeated."""
        while True:
            try:
                answer = await self.sio.call(command, payload, timeout=10)
            except socketio.exceptions.TimeoutError:
                answer = {"success": False, "code": "TIMEOUT"}
            except socketio.exceptions.BadNamespaceError as error:
                raise Refused("OFFLINE") from error
            if answer["success"]:
                return answer["data"]
            if answer["code"] not in AGAIN:
                raise Refused(answer["code"])
            await asyncio.sleep(max(answer.get("retryAfterMs", 0), random.uniform(500, 1_000)) / 1_000)

    def send(self, conversation: str, content: str) -> str:
        """Stores a message, then sends it until the server has answered. Returns its `clientMessageId`."""
        payload = {"conversationId": conversation, "content": content, "clientMessageId": (key := str(uuid.uuid4()))}
        self.outbox.execute("INSERT INTO outbox VALUES (?, ?, ?, NULL)", (key, conversation, json.dumps(payload)))
        self.spawn(self.pump(conversation))
        return key

    async def pump(self, conversation: str) -> None:
        """Sends the waiting messages of one conversation, in order, one at a time."""
        query = "SELECT id, payload FROM outbox WHERE conversation = ? AND refused IS NULL ORDER BY rowid LIMIT 1"
        async with self.logs[conversation].sending:
            while self.sio.connected and (row := self.outbox.execute(query, (conversation,)).fetchone()):
                try:
                    self.on_push("message:new", {"data": await self.ask("sendMessage", json.loads(row[1]))})
                    self.outbox.execute("DELETE FROM outbox WHERE id = ?", row[:1])
                except Refused as refused:  # offline, it goes on waiting
                    code = refused.args[0] if refused.args[0] != "OFFLINE" else None
                    self.outbox.execute("UPDATE outbox SET refused = ? WHERE id = ?", (code, row[0]))

    async def keep_synchronised(self) -> None:
        """Calls `sync` now and once a minute, as pushes are best effort. Without a cursor it returns everything."""
        while True:
            data = await self.ask("sync", {"cursor": self.cursor} if self.cursor else {})
            if self.epoch not in ("", data["epoch"]):  # a backup was restored: nothing stays but the outbox
                self.logs.clear()
            for conversation in data["conversations"]:
                self.on_push("conversation:updated", {"data": {"conversation": conversation}})
            for conversation_id in data["removed"]: self.logs.pop(conversation_id, None)
            self.cursor, self.epoch, self.attempt = data["cursor"], data["epoch"], 0
            await asyncio.sleep(0 if data["hasMore"] else 60)

    async def repair(self, conversation: str) -> None:
        """Loads missing entries by `seq` and missing changes by `rev`, then reports what was delivered."""
        async with self.repairing:
            log, of = self.logs[conversation], {"conversationId": conversation}
            while log.held() < log.last_seq:
                rev, after = log.rev, {"after": log.held()} if log.entries else {}  # nothing held: the newest page
                page = await self.ask("getMessages", {**of, **after, "limit": 200})
                if page.get("reload"): return  # the server's data is older than ours: the next `sync` says so
                log.seen_rev = log.seen_rev if log.entries else rev
                log.entries.update({entry["seq"]: entry for entry in page["messages"]})
            while log.seen_rev < log.rev:
                page = await self.ask("getChanges", {**of, "afterRev": log.seen_rev})
                if page.get("reload"): return
                for change in page["changes"]: log.apply(change)
            if log.delivered < log.held():
                log.delivered = (await self.ask("message:delivered", {**of, "seq": log.held()}))["deliveredSeq"]

    def on_push(self, event: str, answer: Json) -> None:
        """Takes in a push. What it shows to be missing is loaded by `repair`."""
        data = answer.get("data", {})
        head = data.get("head") or data.get("conversation") or data
        conversation = head.get("conversationId") or head.get("_id")
        if "reconnect" in data:  # auth:expired, server:draining, connection:ended
            self.closed, self.after_ms = not data["reconnect"], data.get("afterMs", 0)
            if event == "auth:expired": self.lost.set()  # `run` connects with a new token
        elif event == "conversation:removed":
            self.logs.pop(conversation, None)
        elif event == "message:new" or "rev" in head:
            log = self.logs[conversation]
            log.last_seq = max(log.last_seq, head.get("lastSeq", head.get("seq", 0)))
            log.rev = max(log.rev, head.get("rev", 0))
            if event == "message:new" and head["seq"] == log.held() + 1:
                log.entries[head["seq"]] = head
            elif event.startswith("message:"):
                log.apply(head)
            if log.entries or event == "message:new" or head.get("unreadCount"):  # the rest: when the user opens it
                self.spawn(self.repair(conversation))
