//! Who comes to a site of two nodes.

use toolcrib_tests::prelude::*;

/// All that is tested on two nodes rests on this.
#[test]
fn visitors_come_to_both_nodes_in_turn() {
    toolcrib_tests::run(async {
        let server = Server::on(Engine::TwoNodes).start().await;
        let anna = server.signed_in("anna").await;
        for _ in 0..20 {
            anna.get("/clients").await.expect_status(200);
        }
        let admin = server.signed_in("admin").await;
        for (node, answer) in server.each_node_says(&admin, "/tools/status.json").await.iter().enumerate() {
            let status: toolcrib_tests::Status = serde_json::from_slice(&answer.body).expect("the status");
            assert_eq!(status.pool("clients").uses_total, 10, "node {node}");
        }
        assert_eq!(server.status().await.pool("clients").uses_total, 20);
    });
}

/// Who is signed in is so at each node, and who has signed out at none.
#[test]
fn a_session_is_one_for_both_nodes() {
    toolcrib_tests::run(async {
        let server = Server::on(Engine::TwoNodes).start().await;
        let anna = server.node(0).visitor();
        anna.sign_in("anna").await;
        let there = anna.at(&server.node(1).base());
        assert!(there.is_signed_in().await, "the other node does not know who signed in");
        let kept = anna.copied();
        there.sign_out().await.expect_status(303);
        for node in server.nodes() {
            assert!(!kept.at(&node.base()).is_signed_in().await, "a session that has ended lives on");
        }
    });
}
