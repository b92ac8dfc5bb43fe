from paddock import action


@action
def echo(payload):
    return payload
