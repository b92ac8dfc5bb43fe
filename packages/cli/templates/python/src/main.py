"""{{title}}: greets people and remembers whom."""

from paddock import Context, action, fail


@action
def greet(person: dict, ctx: Context) -> dict:
    name = person["name"]
    if not any(letter.isalpha() for letter in name):
        raise fail("NAMELESS")
    key = f"greeted/{name}"
    times = ctx.kv.get(key, 0) + 1
    ctx.kv.set(key, times)
    ctx.log.info("greeted", {"name": name})
    return {"greeting": f"Hello, {name}!", "times": times}
