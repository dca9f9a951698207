"""Signing in, out, and changing the password."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from pluginhost.models import User

from . import makers

SIGN_IN = "/sign-in/"


@pytest.fixture(autouse=True)
def _no_earlier_tries() -> None:
    cache.clear()


def sign_in(client: Client, password: str = makers.PASSWORD, **fields: str):
    return client.post(fields.pop("address", SIGN_IN), {"login": "alice", "password": password, **fields})


def test_it_works(client, alice):
    response = sign_in(client)
    assert (response.status_code, response["Location"]) == (302, "/")
    assert client.get("/plugins/").status_code == 200


def test_a_page_sends_to_sign_in_and_back(client, alice):
    response = client.get("/plugins/?q=x")
    assert response["Location"] == f"{SIGN_IN}?next=/plugins/%3Fq%3Dx"
    form = client.get(response["Location"]).content.decode()
    assert 'name="next" value="/plugins/?q=x"' in form
    assert sign_in(client, next="/plugins/?q=x")["Location"] == "/plugins/?q=x"


@pytest.mark.parametrize("next_", ["https://example.org/", "//example.org", "javascript:alert(1)", "/\\example.org"])
def test_it_leads_to_no_other_site(client, alice, next_):
    assert sign_in(client, next=next_)["Location"] == "/"


def test_a_wrong_password_is_refused_in_a_sentence(client, alice):
    response = sign_in(client, "wrong")
    assert response.status_code == 200
    assert "That name and password do not go together." in response.content.decode()


def test_a_name_that_nobody_has_gets_the_same_sentence(client, alice):
    response = client.post(SIGN_IN, {"login": "nobody", "password": "wrong"})
    assert "That name and password do not go together." in response.content.decode()


def test_what_is_missing_is_said_at_the_field(client, alice):
    page = client.post(SIGN_IN, {}).content.decode()
    assert "Give the name of your account." in page
    assert "Give your password." in page
    assert re.search(r'name="password"[^>]*aria-describedby="id_password-error"', page)


def test_after_five_wrong_passwords_also_the_right_one_has_to_wait(client, alice):
    for _ in range(5):
        sign_in(client, "wrong")
    page = sign_in(client).content.decode()
    assert "Too many tries with a wrong password. Wait 5 minutes, then try again." in page


def test_the_tries_of_one_account_do_not_close_another(client, alice, bob):
    for _ in range(6):
        sign_in(client, "wrong")
    response = client.post(SIGN_IN, {"login": "bob", "password": makers.PASSWORD})
    assert response.status_code == 302


def test_a_closed_account_cannot_sign_in(client, alice):
    User.objects.filter(pk=alice.pk).update(is_active=False)
    response = client.post(SIGN_IN, {"login": "alice", "password": makers.PASSWORD}, follow=True)
    assert "This account was closed." in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_staying_signed_in_is_a_choice(client, alice):
    sign_in(client)
    assert client.session.get_expire_at_browser_close()
    client.logout()
    sign_in(client, remember="on")
    assert not client.session.get_expire_at_browser_close()


def test_signing_out_is_a_post(client, alice):
    client.force_login(alice)
    assert "Sign out?" in client.get("/sign-out/").content.decode()
    assert client.get("/plugins/").status_code == 200
    assert client.post("/sign-out/")["Location"] == SIGN_IN
    assert client.get("/plugins/").status_code == 302


def test_nobody_signs_up_by_themselves(client):
    assert client.get("/sign-up/").status_code == 404
    assert "ign up" not in client.get(SIGN_IN).content.decode()


def test_the_page_has_nothing_inline(client):
    page = client.get(SIGN_IN).content.decode()
    assert not re.search(r"<script(?![^>]*src=)|<style|style=|\son\w+=", page)


def test_a_form_from_elsewhere_is_refused_in_words(alice):
    client = Client(enforce_csrf_checks=True)
    response = sign_in(client)
    assert response.status_code == 403
    assert "This form has gone stale" in response.content.decode()


def test_the_password_can_be_changed(client, alice):
    client.force_login(alice)
    new = "a whole new sentence"
    fields = {"oldpassword": makers.PASSWORD, "password1": new, "password2": new}
    assert client.post(reverse("account_change_password"), fields).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password(new)
    assert client.get("/plugins/").status_code == 200


def test_a_new_password_needs_the_present_one_and_some_length(client, alice):
    client.force_login(alice)
    fields = {"oldpassword": "wrong", "password1": "short", "password2": "short"}
    page = client.post(reverse("account_change_password"), fields).content.decode()
    assert "This is not your present password." in page
    assert "at least 10 characters" in page
    alice.refresh_from_db()
    assert alice.check_password(makers.PASSWORD)
