from paddock import action


@action
def attack(code):
    names = {}
    exec(code, names)
    found = names.get("found")
    return found.decode("latin-1") if isinstance(found, bytes) else found
