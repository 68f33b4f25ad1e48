"""What mails say, in the languages of the site."""

from __future__ import annotations

import re

from yeoul.model.event import MailKind

# (subject, text); {name}, {link}, {address} are filled in
_EN: dict[MailKind, tuple[str, str]] = {
    "confirm": (
        "Confirm your e-mail address",
        (
            "Hello {name},\n\nplease confirm that this address is yours:\n\n{link}\n\nThe link is good for 7 days. "
            "If you did not make an account, ignore this mail.\n"
        ),
    ),
    "address_in_use": (
        "You have an account already",
        (
            "Hello {name},\n\nsomebody has just typed this address as that of another account. It stays yours alone. If that was you, "
            "log in to the account that you have, or choose a new password for it:\n\n{link}\n\nOtherwise ignore this mail.\n"
        ),
    ),
    "reset": (
        "Reset your password",
        (
            "Hello {name},\n\nchoose a new password here:\n\n{link}\n\nThe link is good for 2 hours and works once. "
            "If you did not ask for it, ignore this mail: your password stays as it is.\n"
        ),
    ),
    "password_changed": (
        "Your password was changed",
        "Hello {name},\n\nyour password was changed, and all other devices were logged out. If that was not you, reset it now:\n\n{link}\n",
    ),
    "email_changing": (
        "Your e-mail address is about to change",
        (
            "Hello {name},\n\nsomebody who is logged in as you wants to change the address of your account to {address}. "
            "If that was not you, change your password now:\n\n{link}\n"
        ),
    ),
    "webhook_off": (
        "A webhook was switched off",
        (
            "Hello {name},\n\nyour webhook {address} was switched off: for days nothing could be delivered to it, or it answered that it "
            "wants no more. Once it answers again, switch it on here:\n\n{link}\n"
        ),
    ),
}
_KO: dict[MailKind, tuple[str, str]] = {
    "confirm": (
        "이메일 주소를 확인해 주세요",
        (
            "{name}님, 안녕하세요.\n\n아래 링크를 열어 이 주소가 본인의 것임을 확인해 주세요.\n\n{link}\n\n링크는 7일 동안 유효합니다. "
            "가입하신 적이 없다면 이 메일을 무시하셔도 됩니다.\n"
        ),
    ),
    "address_in_use": (
        "이미 계정이 있습니다",
        (
            "{name}님, 안녕하세요.\n\n방금 누군가 이 주소를 다른 계정의 주소로 입력했습니다. "
            "주소는 계속 회원님의 것입니다. "
            "본인이라면 이미 있는 계정으로 로그인하거나 아래에서 새 비밀번호를 정해 주세요.\n\n{link}\n\n"
            "아니라면 이 메일을 무시해 주세요.\n"
        ),
    ),
    "reset": (
        "비밀번호 재설정",
        (
            "{name}님, 안녕하세요.\n\n아래 링크에서 새 비밀번호를 정해 주세요.\n\n{link}\n\n링크는 2시간 동안 한 번만 쓸 수 있습니다. "
            "요청하신 적이 없다면 이 메일을 무시해 주세요. 비밀번호는 바뀌지 않습니다.\n"
        ),
    ),
    "password_changed": (
        "비밀번호가 변경되었습니다",
        (
            "{name}님, 안녕하세요.\n\n비밀번호가 변경되었고 다른 모든 기기에서 로그아웃되었습니다. "
            "본인이 변경하지 않았다면 지금 바로 재설정해 주세요.\n\n{link}\n"
        ),
    ),
    "email_changing": (
        "이메일 주소 변경 요청",
        (
            "{name}님, 안녕하세요.\n\n회원님의 계정에서 이메일 주소를 {address}(으)로 바꾸려는 요청이 있었습니다. "
            "본인이 아니라면 지금 바로 비밀번호를 변경해 주세요.\n\n{link}\n"
        ),
    ),
    "webhook_off": (
        "웹훅이 꺼졌습니다",
        (
            "{name}님, 안녕하세요.\n\n웹훅 {address}이(가) 꺼졌습니다. 며칠 동안 아무것도 전달되지 않았거나, "
            "더 받지 않겠다는 응답이 왔습니다. 다시 응답할 수 있게 되면 여기에서 켜 주세요.\n\n{link}\n"
        ),
    ),
}


def compose(kind: MailKind, language: str | None, *, name: str, link: str, address: str) -> tuple[str, str]:
    """(subject, text) of a mail; in English where the language is not known."""
    subject, text = (_KO if language == "ko" else _EN)[kind]
    return subject, text.format(name=name, link=link, address=address)


def plain_name(display_name: str, handle: str) -> str:
    """Returns how a mail calls somebody: by the display name, or by the handle where that holds what programs take for a link.

    Programs that show mails make links of anything with a dot or a slash in it, and whoever signs up chooses what is sent to an address.
    """
    if re.fullmatch(r"[\w '\u2019\u00b7-]+(?:\. [\w '\u2019\u00b7-]+)*\.?", display_name):
        return display_name
    return handle.replace(".", " ")
