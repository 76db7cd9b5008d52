"""The meanings an answer can have; closed, so that everything that reads or acts on them names them all."""

from __future__ import annotations

from enum import StrEnum


class Intent(StrEnum):
    PROMISE = "promise"
    PAID_ALREADY = "paid_already"
    REMITTANCE = "remittance"
    NEVER_RECEIVED = "never_received"
    COPY_PLEASE = "copy_please"
    PO_MISSING = "po_missing"
    WRONG_ENTITY = "wrong_entity"
    IN_APPROVAL = "in_approval"
    NEXT_PAYMENT_RUN = "next_payment_run"
    CHECK_SENT = "check_sent"
    DISPUTE = "dispute"
    PLAN_REQUEST = "plan_request"
    WRONG_CONTACT = "wrong_contact"
    OUT_OF_OFFICE = "out_of_office"
    STOP = "stop"
    LEGAL = "legal"
    QUESTION = "question"
    OTHER = "other"
