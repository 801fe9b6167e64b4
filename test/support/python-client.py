"""A client written from the contract alone, with stock python-socketio and requests.

Arguments: the server's URL, a name, and the transports to use (by default those of the library).
Reads one JSON command per line, answers one JSON line each:
  {"do": "enter", "room": ..., "since": ..., "limit": ...}   enters, page by page, until it is live
  {"do": "send", "room": ..., "clientId": ..., "text": ...}
  {"do": "disconnect"} / {"do": "connect"} / {"do": "facts"} / {"do": "quit"}
"""
import json
import sys
import threading

import requests
import socketio

url, name = sys.argv[1], sys.argv[2]
transports = sys.argv[3:] or None
guest = requests.post(url + "/v1/guests", json={"displayName": name}, timeout=10)
assert guest.status_code == 201, guest.text
token = guest.json()["token"]

facts = []          # all that was held, in the order in which it came
problems = []
cursor = {"epoch": 0, "seq": 0}
live = False
lock = threading.Lock()
client = None


def on_events(push):
    with lock:
        if not live:
            problems.append("pushed before live")
        if push["prev"] > cursor["seq"]:
            problems.append("gap: held %d, prev %d" % (cursor["seq"], push["prev"]))
        take(push["epoch"], push["events"])


def take(epoch, events):
    for fact in events:
        if fact["seq"] <= cursor["seq"]:
            problems.append("double: %d" % fact["seq"])
            continue
        facts.append(fact)
        cursor["seq"] = fact["seq"]
    cursor["epoch"] = epoch


def connect():
    global client
    client = socketio.Client(reconnection=False)
    client.on("room.events", on_events)
    client.connect(url, auth={"token": token}, transports=transports, wait_timeout=10)


def enter(room, since, limit):
    global live
    pages = []
    while True:
        ask = {"room": room, "limit": limit, "catchUp": "all"}
        if since is not None:
            ask["since"] = dict(cursor)
        # The reply is taken under the lock that pushes take, so that they come behind it.
        done = threading.Event()
        box = []

        def on_reply(reply):
            global live
            with lock:
                box.append(reply)
                if reply["ok"]:
                    take(reply["epoch"], reply["events"])
                    live = not reply["more"]
            done.set()

        client.emit("room:enter", ask, callback=on_reply)
        assert done.wait(10), "no answer"
        reply = box[0]
        if not reply["ok"]:
            return reply
        pages.append(len(reply["events"]))
        since = cursor
        if not reply["more"]:
            return {"ok": True, "pages": pages}


connect()
print(json.dumps({"ready": True}), flush=True)
for line in sys.stdin:
    ask = json.loads(line)
    what = ask["do"]
    if what == "enter":
        answer = enter(ask["room"], ask.get("since"), ask.get("limit", 200))
    elif what == "send":
        message = {key: ask[key] for key in ("room", "clientId", "text")}
        answer = client.call("message:send", message, timeout=10)
    elif what == "disconnect":
        client.disconnect()
        answer = {"ok": True}
    elif what == "connect":
        # Not when it disconnects: what is under way then may still come.
        live = False
        connect()
        answer = {"ok": True}
    elif what == "facts":
        with lock:
            answer = {"facts": facts, "problems": problems, "transport": client.transport()}
    else:
        client.disconnect()
        break
    print(json.dumps(answer), flush=True)
