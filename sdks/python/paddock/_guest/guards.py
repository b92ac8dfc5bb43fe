def apply_guards(permissions, root):
    pass
